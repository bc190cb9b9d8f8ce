import { argvWithoutSecrets, redactText, secretKeys } from '../src/recorder/redact.js';

const isSecret = secretKeys(null);

describe('secretKeys() answers true for', () => {
  test.each(
    [
      'password Password PASSWORD passwd userPassword user_password db.password password_hash new-password password1',
      'pass pwd pw PWD DB_PASS dbPass smtp_pass user_pwd passphrase passcode passkey user[password]',
      'token Token authToken auth_token access_token accessToken refresh-token id_token X-Auth-Token csrf-token _csrf',
      'xsrfToken GITHUB_TOKEN githubToken apiToken bearer_token tokenHash token_value accessTokens session_tokens user[token]',
      'secret clientSecret client_secret SECRET_KEY secretAccessKey AWS_SECRET_ACCESS_KEY jwtSecret secrets my$secret',
      'authorization Authorization AUTHORIZATION Proxy-Authorization auth basicAuth jwt credentials credential bearer',
      'cookie Cookie cookies Set-Cookie set_cookie setCookie',
      'api_key apiKey apikey API_KEY X-API-Key x-api-key api.key stripeApiKey apiKeys accessKey authKey',
      'session_id sessionId SESSION-ID sid connect.sid JSESSIONID PHPSESSID ASP.NET_SessionId sessionKey sessionToken',
      'credit_card creditCard creditCardNumber card_number cardNumber cardNo ccNumber cvv cvv2 CVC pan ssn',
      'private_key privateKey PRIVATE-KEY rsaPrivateKey signingKey encryption_key masterKey @password $token',
      'connectionString DATABASE_URL db_url MONGODB_URI otp SQLALCHEMY_DATABASE_URI webhookUrl sasUrl',
      'authHeader x-auth x-jwt-assertion x-jwt subscriptionKey Ocp-Apim-Subscription-Key accountKey sharedAccessKey',
      'SENDGRID_KEY DD_APP_KEY STRIPE_KEY x-functions-key privKey tlsKey licenseKey jwk pem hmac psk creds pat GITHUB_PAT',
      'dsn sentryDsn SENTRY_DSN iban accountNumber bankAccountNumber account_number userPin cardPin pinCode',
      'mfaCode recoveryCodes backup_codes loginCode seedPhrase mnemonic code_verifier clientAssertion SAMLResponse',
      'pswd passHash hashedPassword passwordSalt resetPasswordToken verificationToken secret_id X-Vault-Token _authToken',
      'npm_config__auth wifiPassword token2 contraseña CONTRASEÑA motdepasse mot_de_passe passwort userPasswort senha',
      'пароль 密码 パスワード 비밀번호 wachtwoord lösenord hasło şifre',
    ]
      .join(' ')
      .split(' '),
  )('%s', (key) => expect(isSecret(key)).toBe(true));

  test.each(['Session ID', 'API Key', 'credit card'])('%j', (key) => expect(isSecret(key)).toBe(true));
});

describe('secretKeys() answers false for', () => {
  test.each(
    [
      'max_tokens maxTokens totalTokens total_tokens prompt_tokens completionTokens tokens tokenizer tokenCount tokenize',
      'validTokens invalidTokens paidTokens tokenType tokenLimit',
      'author authors authority authored authenticated oauth isAuthor',
      'monkey turkey key keys keyboard keyCode primaryKey publicKey hotkey',
      'inside side aside consider sidebar beside',
      'compass bypass trespass overpass encompass passenger passive passed passThrough passport',
      'secretary secretariat passwordless',
      'session sessions sessionCount possessionId assessId id userId ids',
      'card cards cardNotFound discard cardboard accNumber pane panel span company expand',
      'pin spin user username name email url baseUrl uri company host port query body header headers',
      'length value type constructor hasOwnProperty toString valueOf $type',
      'eos_token nextPageToken cancelToken lookaheadToken bos_token padToken stop_token pad_token_id first_token tokenId',
      'previousToken endToken inputTokens syntaxToken currentToken token_type tokenExpiresAt token_expiry tokenEndpoint',
      'hasPassword showPassword cookiesEnabled withCredentials passwordMinLength passwordResetRequired passwordUpdatedAt',
      'authorization_endpoint secretName secretsCount credentialId credentialsProvider apiKeyId accessKeyId',
      'AWS_ACCESS_KEY_ID privateKeyPath pemFile postcardNumber discardCode wildcardCode cookieName cookie_domain',
      'cacheKey foreignKey CACHE_KEY PRIMARY_KEY STORAGE_KEY S3_KEY sortKey partitionKey idempotencyKey routingKey i18nKey',
      'statusCode errorCode countryCode postalCode zipCode barcode qrCode codeName path patch patient pattern compact',
      'spam opinion shipping pinned mapping accountName accountId client_assertion_type sessionTimeout sessionStorage',
      'isAuthenticated requiresAuth authMethod authType encryptionAlgorithm jwtAlgorithm hmacAlgorithm otpEnabled dsnName',
      'apiary api apiVersion rapid access accessed private sign signal encrypt credit accredited',
    ]
      .join(' ')
      .split(' ')
      .concat('', ' ', '-_.', '__proto__'),
  )('%j', (key) => expect(isSecret(key)).toBe(false));
});

describe('HANDIT_REDACT', () => {
  test('adds keys to the built-in ones', () => {
    const withExtra = secretKeys(/iban|^customer_no$/i);
    expect(['IBAN', 'ibanHash', 'customer_no', 'password'].map(withExtra)).toEqual([true, true, true, true]);
    expect(['customerNumber', 'bank'].map(withExtra)).toEqual([false, false]);
  });

  test('is compared with the key as it is written and without its separators', () => {
    const withExtra = secretKeys(/^taxid$|^Blood-Type$/);
    expect(['taxId', 'tax_id', 'TAX-ID', 'Blood-Type'].map(withExtra)).toEqual([true, true, true, true]);
    expect(['blood_type', 'syntaxId'].map(withExtra)).toEqual([false, false]);
  });
});

test('secretKeys() looks at the beginning and the end of a key of any length', () => {
  expect(isSecret(`password${'x'.repeat(1e6)}`)).toBe(true);
  expect(isSecret(`${'x'.repeat(1e6)}_token`)).toBe(true);
  expect(isSecret('x'.repeat(1e6))).toBe(false);
});

describe('argvWithoutSecrets()', () => {
  test.each([
    ['--api-key=abc', '--api-key=<redacted>'],
    ['--password=a=b', '--password=<redacted>'],
    ['-token=abc', '-token=<redacted>'],
    ['DB_PASSWORD=abc', 'DB_PASSWORD=<redacted>'],
    ['Authorization: Bearer abc', 'Authorization:<redacted>'],
    ['https://ada@host/a:b', 'https://<redacted>@host/a:b'],
    ['postgres://ada:hunter2@db/orders', 'postgres://<redacted>@db/orders'],
    ['--db=redis://:hunter2@db', '--db=redis://<redacted>@db'],
  ])('%s becomes %s', (argument, shown) => {
    expect(argvWithoutSecrets(['node', 'app.js', argument], isSecret)).toEqual(['node', 'app.js', shown]);
  });

  test('redacts the argument behind a secret option', () => {
    const argv = ['--api-key', 'abc', '--token', 'def', 'ghi', '--password', '--verbose'];
    expect(argvWithoutSecrets(argv, isSecret)).toEqual([
      ...['--api-key', '<redacted>', '--token', '<redacted>', 'ghi', '--password', '--verbose'],
    ]);
  });

  test.each(['--max-tokens=5', '--author', 'ada', 'C:\\app.js', '--port=80', '--url=http://a:80/'])(
    'leaves %s as it is',
    (argument) => expect(argvWithoutSecrets(['node', argument], isSecret)).toEqual(['node', argument]),
  );
});

describe('redactText() of addresses', () => {
  const isSecret = secretKeys(null);
  test.each([
    ['https://ada:hunter2@host/a', 'https://<redacted>@host/a'],
    ['see "https://ada:p@ss@host/a".', 'see "https://<redacted>@host/a".'],
    [
      'https://host/a?x=1&api_key=k&y=2#access_token=t',
      'https://host/a?x=1&api_key=<redacted>&y=2#access_token=<redacted>',
    ],
    ['/cb?X-Amz-Signature=abc&X-Amz-Date=1', '/cb?X-Amz-Signature=<redacted>&X-Amz-Date=1'],
    ['https://a.blob.example/x?sv=1&sig=abc%3D', 'https://a.blob.example/x?sv=1&sig=<redacted>'],
    ['https://host/?user%5Bpassword%5D=x', 'https://host/?user%5Bpassword%5D=<redacted>'],
    ['redis://:pw@a,redis://:pw@b', 'redis://<redacted>@a,redis://<redacted>@b'],
    ['mongodb+srv://u:p@ss/w0rd@host/db', 'mongodb+srv://<redacted>@host/db'],
    ['see amqp://u:p@a?b#c@host:5672/q, and', 'see amqp://<redacted>@host:5672/q, and'],
    ['npm:https://u:p@host/@scope/pkg@1.0.0', 'npm:https://<redacted>@host/@scope/pkg@1.0.0'],
  ])('makes of %s %s', (text, expected) => {
    expect(redactText(text, isSecret)).toBe(expected);
  });

  test.each(['https://host/@scope/name', 'is a = b? yes', 'a?b=c', 'mail me: ada@example.org', 'file:///a/b.js:1:2'])(
    'leaves %s as it is',
    (text) => expect(redactText(text, isSecret)).toBe(text),
  );
});

describe('redactText() of XML and HTML', () => {
  const isSecret = secretKeys(null);
  test.each([
    ['<password>hunter2</password>', '<password><redacted></password>'],
    [
      '<a:Login><a:User>ada</a:User><a:Password Type="Text">hunter2</a:Password></a:Login>',
      '<a:Login><a:User>ada</a:User><a:Password Type="Text"><redacted></a:Password></a:Login>',
    ],
    ['<apiKey>\n  abc\n</apiKey >', '<apiKey><redacted></apiKey >'],
    ['<secret><![CDATA[a<b>c]]></secret>', '<secret><redacted></secret>'],
    ['<a><password>hunt', '<a><password><redacted>'],
    ['<token>a</token><token>b</token>', '<token><redacted></token><token><redacted></token>'],
  ])('makes of %s %s', (text, expected) => {
    expect(redactText(text, isSecret)).toBe(expected);
  });

  test.each([
    ...['<password></password>', '<token> </token>', '<user>ada</user>', 'a </password>', '</password>'],
    ...['<passwords><user>a</user></passwords>', 'if (a </token>/.exec(b))', '<p>password</p>'],
  ])('leaves %s as it is', (text) => expect(redactText(text, isSecret)).toBe(text));
});
