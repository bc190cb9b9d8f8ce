// Made by code, so that no scanner takes one for a real one: the forms that secrets have, with a body that says what
// it is.
const body = (length: number, seed: number) =>
  Array.from(
    { length },
    (_, i) =>
      'SYNTHETICnotasecret0123456789'[(i * 7 + seed * 13 + (i % 3) * seed + Math.floor(seed / 29) * i * i) % 29],
  ).join('');
const digits = (length: number, seed: number) =>
  Array.from({ length }, (_, i) => (i * 3 + seed * 7 + ((i * seed) % 5) + Math.floor(seed / 10) * i) % 10).join('');
const pem = (label: string, n: number) =>
  [`-----BEGIN ${label}`, ' KEY-----\n', body(64, n), '\n', body(40, n + 3), `\n-----END ${label}`, ' KEY-----'].join(
    '',
  );

/** Known by their form alone. */
export const forms: readonly ((seed: number) => string)[] = [
  (n) => ['sk', 'live', body(24, n)].join('_'),
  (n) => ['gh', 'p_', body(36, n)].join(''),
  (n) => ['xo', 'xb-', digits(11, n), '-', body(24, n)].join(''),
  (n) => ['AK', 'IA', body(16, n).toUpperCase()].join(''),
  (n) => ['ey', 'J', body(20, n), '.ey', 'J', body(40, n + 1), '.', body(43, n + 2)].join(''),
  (n) => pem('PRIVATE', n),
  (n) => ['Bear', 'er ', body(32, n)].join(''),
  (n) => ['post', 'gres://app:', body(12, n), '@db.example/shop'].join(''),
  (n) => ['github', '_pat_', body(40, n)].join(''),
  (n) => ['gl', 'pat-', body(20, n)].join(''),
  (n) => ['AI', 'za', body(35, n)].join(''),
  (n) => ['np', 'm_', body(36, n)].join(''),
  (n) => ['s', 'k-', body(40, n)].join(''),
  (n) => ['s', 'k-ant-', body(40, n)].join(''),
  (n) => ['Bas', 'ic ', body(24, n)].join(''),
  (n) => ['S', 'G.', body(22, n), '.', body(43, n + 1)].join(''),
  (n) => ['whs', 'ec_', body(32, n)].join(''),
  (n) => ['ya', '29.', body(40, n)].join(''),
  (n) => ['h', 'vs.', body(30, n)].join(''),
  (n) => ['dop', '_v1_', body(40, n)].join(''),
  (n) => ['shp', 'at_', body(32, n)].join(''),
  (n) => ['Server=db;User Id=app;Pass', 'word=', body(14, n), ';Encrypt=true'].join(''),
  (n) => ['https://ada:', body(10, n), '/', body(4, n), '@git.example/a.git'].join(''),
  (n) => ['DefaultEndpointsProtocol=https;AccountName=a;Account', 'Key=', body(44, n), '==;EndpointSuffix=x'].join(''),
  (n) => pem('RSA PRIVATE', n),
];

/** Of any form: only its name says that it is one. */
const plain: readonly ((seed: number) => string)[] = [
  ...forms.slice(0, 8),
  (n) => ['41', digits(14, n)].join(''),
  (n) => ['correct-horse-', body(9, n)].join(''),
  (n) => body(12, n),
];

const keys = [
  ...['password', 'passwd', 'userPassword', 'DB_PASSWORD', 'passphrase', 'pwd', 'secret', 'client_secret', 'appSecret'],
  ...['token', 'accessToken', 'refresh-token', 'id_token', 'csrfToken', 'authorization', 'Proxy-Authorization', 'auth'],
  ...['cookie', 'Set-Cookie', 'sessionId', 'connect.sid', 'api_key', 'X-API-Key', 'apiKey', 'privateKey', 'signingKey'],
  ...['cardNumber', 'credit_card', 'cvv', 'pan', 'jwt', 'otp', 'credentials', 'DATABASE_URL', 'redisUrl', 'ssn'],
  ...['authHeader', 'x-auth', 'x-jwt-assertion', 'subscriptionKey', 'Ocp-Apim-Subscription-Key', 'accountKey'],
  ...['SENDGRID_KEY', 'DD_APP_KEY', 'STRIPE_KEY', 'pat', 'creds', 'psk', 'hmac', 'pem', 'jwk', 'dsn', 'SENTRY_DSN'],
  ...[
    'SQLALCHEMY_DATABASE_URI',
    'iban',
    'accountNumber',
    'pinCode',
    'cardPin',
    'mfaCode',
    'recoveryCodes',
    'seedPhrase',
  ],
  ...[
    'mnemonic',
    'code_verifier',
    'clientAssertion',
    'SAMLResponse',
    'pswd',
    'passHash',
    'hashedPassword',
    'backupCodes',
  ],
  ...['mot_de_passe', 'passwort', 'senha', 'wachtwoord', 'kennwort', 'webhookUrl', 'sharedAccessKey', 'secret_id'],
  ...['bearer', 'oneTimeCode', 'deviceCode', 'sasUrl', 'wifiPassword', 'licenseKey', 'npm_config__auth', 'GITHUB_PAT'],
  ...[
    'x-functions-key',
    'X-Vault-Token',
    'resetPasswordToken',
    'encryptionKey',
    'connectionString',
    'sshKey',
    'tlsKey',
  ],
  ...['JSESSIONID', 'PHPSESSID', 'loginCode', 'securityAnswer', 'routingNumber', 'csrf', 'xsrf', 'totp', 'SMTP_PASS'],
];

/** Secrets under keys that say so: at least 500 different ones. */
export const corpus = keys.flatMap((key, k) =>
  [0, 1, 2, 3, 4].map((turn) => ({ key, value: plain[(k + turn * 3) % plain.length](k * 5 + turn + 1) })),
);

/** Secrets under names that say nothing. */
export const formed = forms.flatMap((form, f) => [0, 1, 2, 3].map((turn) => form(f * 4 + turn + 500)));

/** The part of a secret that may not be seen, whatever stands around it. */
export const coreOf = (value: string): string =>
  /Password=([^;]+)|AccountKey=([^;]+)|:\/\/\w+:([^@]+)@|^Bearer (.*)|^Basic (.*)|KEY-----\n([^\n]+)/
    .exec(value)
    ?.slice(1)
    .find((part) => part !== undefined) ?? value;

/** Keys with a value each that must stay readable: at least 100. */
export const readable: readonly (readonly [string, unknown])[] = [
  ...(
    'max_tokens prompt_tokens completion_tokens tokens tokenizer tokenCount totalTokens tokenType tokenLimit eos_token ' +
    'nextPageToken cancelToken lookaheadToken bos_token padToken stop_token first_token tokenId previousToken endToken ' +
    'inputTokens syntaxToken currentToken token_type tokenExpiresAt token_expiry tokenEndpoint authorization_endpoint ' +
    'secretName secretsCount credentialId credentialsProvider apiKeyId accessKeyId privateKeyPath pemFile postcardNumber ' +
    'discardCode wildcardCode cookieName cookie_domain primaryKey cacheKey foreignKey publicKey CACHE_KEY PRIMARY_KEY ' +
    'STORAGE_KEY S3_KEY sortKey partitionKey idempotencyKey routingKey i18nKey keyCode hotkey statusCode errorCode ' +
    'countryCode postalCode zipCode barcode codeName path patch patient pattern compact spam opinion shipping pinned ' +
    'author authority authored authenticated isAuthor accountName accountId sessionTimeout sessionCount authMethod ' +
    'authType encryptionAlgorithm dsnName compass bypass passenger passive passed passport secretary passwordless ' +
    'monkey turkey keyboard possessionId assessId discard cardboard panel company username email baseUrl host query'
  )
    .split(' ')
    .map((key, i) => [key, `value ${i} of it`] as const),
  ...['hasPassword', 'showPassword', 'cookiesEnabled', 'withCredentials', 'password', 'token'].map(
    (key) => [key, true] as const,
  ),
  ...['token', 'secret', 'pin'].map((key, i) => [key, i + 5] as const),
];

/** Texts that must stay as they are. */
export const readableTexts: readonly string[] = [
  'https://host/@scope/name',
  'http://localhost:3000/@a/b',
  'is a = b? yes',
  'a?b=c',
  'mail me: ada@example.org',
  'Unexpected token: punc (})',
  'password: must be at least 8 characters',
  'Basic plan',
  'Bearer authentication required',
  'token: expired',
  'ERR_HTTP_HEADERS_SENT',
  '550e8400-e29b-41d4-a716-446655440000',
  'eyJpZCI6MX0',
  '2024-01-01T00:00:00.000Z',
  'node_modules/@babel/core/lib/index.js:12:5',
  'font-weight: bold; color: red',
  'if (a == b) return c => d',
  'SELECT * FROM t WHERE a = 1 AND b=2',
  'data:text/plain;base64,aGVsbG8=',
  'sk-circle-fade-dot',
  'application/json; charset=utf-8',
  'max-age=0, no-cache',
  'W/"1f-abc"',
  'npm_config_user_agent',
  'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
  'mailto:a@b.c?subject=x',
  'git@github.com:a/b.git',
  'Invalid credentials',
  'cookie: not set?',
  'Digest weekly email',
  'X-Auth: none',
  '{"max_tokens":5,"usage":{"prompt_tokens":12}}',
  '{"type":"password","name":"user"}',
  '{"key":"token_type","value":"bearer"}',
  'see http://a.example:8080/x, ask b@c.example',
  'http://a.example/x:y@z',
  '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
];
