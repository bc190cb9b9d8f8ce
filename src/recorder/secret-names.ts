import { RegExp, arrayJoin, arrayMap, stringSplit } from '../intrinsics.js';

// The names of secrets, as data. A name is compared in lower case, with `_` before, after and between its words:
// `X-API-Key`, `apiKey` and `user[api key]` are `_x_api_key_`, `_api_key_` and `_user_api_key_`; `APIKEY` is `_apikey_`.

/**
 * Names of one kind. Each has one of the fragments in it: other names are not compared with the pattern, for V8 takes 6 ms
 * of a program's start to compile all of them.
 */
export interface SecretNames {
  readonly fragments: readonly string[];
  /** And one of these, where most names with a fragment are harmless; null: no matter. */
  readonly also: readonly string[] | null;
  readonly pattern: RegExp;
}

/** The same, for names that have one of these texts in them as well. */
const having = (also: string, names: SecretNames): SecretNames => ({ ...names, also: stringSplit(also, ' ') });

const named = (fragments: string[], patterns: string[]): SecretNames => ({
  fragments,
  also: null,
  pattern: any(patterns),
});

/** Secret wherever it is in a name. */
const anywhere = (fragments: string[], ...patterns: string[]): SecretNames => named(fragments, patterns);

/** Secret as whole words, at any place. */
const words = (fragments: string[], ...patterns: string[]): SecretNames =>
  named(
    fragments,
    arrayMap(patterns, (each) => `_(?:${each})_`),
  );

/** Secret as the last words of a name. */
const last = (fragments: string[], ...patterns: string[]): SecretNames => named(fragments, arrayMap(patterns, ends));

/** Addresses that hold a password, or are as good as one. */
const ADDRESSES =
  '(?:database|db|redis|mongo|mongodb|postgres|postgresql|pg|mysql|mariadb|mssql|sql|jdbc|neo4j|cassandra|amqp|rabbitmq|' +
  'cloudamqp|clickhouse|elasticsearch|kafka|couchdb|memcached|broker)_?ur[li]s?|(?:sas|presigned|signed)_?ur[li]|webhook_?url';

/** Each of them has one of these in it. */
const ADDRESS_FRAGMENTS =
  'db database redis mongo postgres pg sql jdbc neo4j cassandra amqp rabbitmq clickhouse elasticsearch kafka memcached ' +
  'broker sas signed webhook';

/** A name of these kinds is secret unless it is `READABLE`. */
export const SECRET: readonly SecretNames[] = [
  anywhere(
    ['pass', 'pswd', 'pwd'],
    'passw(or)?d(?!less)|pass_?(phrase|code|key|hash)|pswd|passwrd|pwd_?hash|pwd\\d*_$|^_pass_$',
  ),
  anywhere(
    ['secret', 'credential', 'authorization', 'bearer', 'cookie'],
    'secret(?!ar(y|iat))|credential|authorization|bearer|cookie',
  ),
  having(
    'api private access signing encryption auth master consumer session ssh hmac',
    anywhere(['key'], '(api|private|access|signing|encryption|auth|master|consumer|session|ssh|hmac)_?key'),
  ),
  having(
    'id string',
    anywhere(
      ['session', 'sessid', 'connection'],
      '(?<!pos|s)session_?id(?!l)|(?<!as)sessid|connection_?string|(?<!pos|s)session_?ids?_$',
    ),
  ),
  anywhere(['token'], 'token_?(value|hash)|token\\d*_$|_id_?tokens?_$'),
  anywhere(
    ['credit', 'security', 'mnemonic', 'verifier', 'saml'],
    'credit_?card|security_?code|mnemonic|code_?verifier|saml_?(response|request|assertion)',
  ),
  // The same in other languages.
  anywhere(
    ['contrase', 'passe', 'passwort', 'kennwort', 'passord', 'wachtwoord', 'senord'],
    'contrase(ñ|n\\u0303|n|ny)a|mot_?de_?passe|palavra_?passe|passwort|kennwort|passord|wachtwoord|l(ö|o|oe)senord',
  ),
  anywhere(
    ['salasana', 'adgangskode', 'jelszó', 'şifre', 'sandi', 'khẩu', 'khau', 'κωδικ', 'парол', 'секрет', 'токен'],
    'salasana|adgangskode|jelszó|şifre|kata_?sandi|mật_?khẩu|mat_?khau|κωδικ(ό|ο)ς|парол|секрет|токен',
  ),
  anywhere(
    ['密', '口令', '秘钥', '令牌', 'パスワード', 'トークン', '비밀번호', '암호', '토큰', 'סיסמ', 'كلمة', 'รหัสผ่าน'],
    '密码|密碼|口令|密钥|密鑰|秘钥|令牌|パスワード|トークン|비밀번호|암호|토큰|סיסמ|كلمة_?(ال)?(مرور|سر)|รหัสผ่าน',
  ),
  // Keys of services and ciphers.
  having(
    'priv sign crypt subscription account shared licen webhook deploy function serv app client instrumentation ' +
      'integration ingest write cipher aes rsa dsa ed25519 pgp gpg ssl tls jwt wrapping recovery backup vapid',
    words(
      ['key'],
      '(priv|sign|signature|encrypt|decrypt|decryption|subscription|account|shared|pre_?shared|licen[cs]e|webhook)_?key',
      '(deploy|functions?|service|server|app|application|client|instrumentation|integration|ingest|ingestion)_?key',
      '(write|crypto?|cipher|aes|rsa|dsa|ecdsa|ed25519|pgp|gpg|ssl|tls|jwt|wrapping|recovery|backup|vapid)_?key',
    ),
  ),
  // Codes and phrases that let someone in.
  having(
    'mfa otp 2fa factor sms verification recovery backup time login auth access device reset',
    words(
      ['code'],
      '(?:mfa|otp|totp|2fa|two_?factor|sms|verification|recovery|backup|one_?time|login|auth|access|device|reset)_?codes?',
    ),
  ),
  words(
    ['phrase', 'words', 'authorization', 'assertion', 'answer'],
    '(seed|recovery|backup)_?(phrase|words)|authorization_?code|client_?assertion|security_?answer',
  ),
  having(
    'code num no_ user debit atm sim account login security card_pin cardpin',
    words(
      ['pin', 'card'],
      'pin_?(?:code|number|no)|(?:user|debit|atm|sim|account|login|security)_?pin|card_?(?:pin|code|number|num|no)',
    ),
  ),
  having(
    'num no_ iban puk security data str',
    words(
      ['cc', 'account', 'routing', 'iban', 'puk', 'social', 'track', 'conn'],
      'cc_?num(ber)?|(account|routing)_?(number|num|no)|iban|puk|social_?security|track_?data|conn_?str(ing)?',
    ),
  ),
  having(
    'header value info string param data hash',
    words(['auth'], 'auth_?(headers?|value|info|string|params?|data|hash)'),
  ),
  words(['tokens'], '(access|refresh|auth|id|session|api|csrf|xsrf|bearer|device|push|reset|user)_?tokens'),
  words(
    ['clave', 'hasło', 'haslo', 'heslo', 'jelszo', 'sifre', 'lozinka', 'senha', 'mdp', 'parola'],
    'clave_?(secreta|de_?acceso)|hasło|haslo|heslo|jelszo|sifre|lozinka|senha|mdp|parola',
  ),
  having(
    '_jwt _jwk _csrf _xsrf _otp _totp _cvv _cvc _ssn _psk _hmac _pem _cred _dsn _pfx _sid',
    last(
      // prettier-ignore
      ['jwt', 'jwk', 'csrf', 'xsrf', 'otp', 'cvv', 'cvc', 'ssn', 'psk', 'hmac', 'pem', 'cred', 'dsn', 'pfx', 'sid'],
      'jwt|jwk|csrf|xsrf|otp|totp|cvv2?|cvc2?|ssn|psk|hmac|pem|creds?|dsn|pfx|sid',
    ),
  ),
  // Not in `path`.
  having('_pat_ _pat0 _pat1 _pat2 _pat3 _pat4 _pat5 _pat6 _pat7 _pat8 _pat9', last(['pat'], 'pat')),
  last(
    ['pass', 'pw', 'auth'],
    '(user|db|database|mysql|pg|redis|smtp|mail|email|ftp|sftp|ssh|admin|root|http|proxy|basic|mongo|rabbitmq)_?(pass|pw|auth)',
    '(amqp|ldap|imap|wifi|account|login|my|old|new|app|server|host|keystore|sudo|vault|zip)_?(pass|pw)',
    'auth',
  ),
  // Secret where nothing else is in the name, or comes before it.
  anywhere(['pw', 'pan', 'jwt'], '^_(pw_$|pan_$|(x_)?jwt_)'),
  having(ADDRESS_FRAGMENTS, last(['url', 'uri'], ADDRESSES)),
];

/** Said of a secret, or of another thing, by a name with such a word in it: to be read. */
const PLAIN = [
  '^_(is|has|had|show|hide|should|can|needs?|requires?|enable|disable|allow)_|^_(has|show|hide)passwords?_',
  '^_with_?(credentials|cookies?)_$|^_cookies?_?(enabled|jar|consent|policy|domain|parser|options|name)_$',
  '_(enabled|disabled|required|visible|valid|invalid|expired|exists|present|changed|count|length|limit|ttl|expiry)_$',
  '_(expires|expires_in|expires_at|expiration|max_age|age|lifetime|policy|strength|changed_at|updated_at)_$',
  '_(names?|paths?|file|filename|dir|types?|format|algorithm|alg|endpoints?|field|label|placeholder|prefix)_$',
  '_(version|status|arn|header_name|supported|consent|domain|same_site|issuer|index|provider|scopes?|hint)_$',
  '_(apikey|accesskey|privatekey|signingkey|encryptionkey|credential|credentials|key|password)_?ids?_$|_credentialids?_',
  '_(authorization|token|secret|secrets|cookie)_?(servers?|url|uri|urls)_$|_tokens?_?ids?_$|_jwt_(alg|header|ttl|issuer)_',
  // Tokens of texts, languages, pages and time.
  '_(eos|bos|pad|unk|sep|cls|mask|stop|special|added|max|min|num|per|first|last|prev|previous|current|peek)_?token_$',
  '_(page|nextpage|continuation|cancel|cancellation|lookahead|look_ahead|next|syntax|punctuator|identifier|keyword)_?token_$',
  '_(operator|comment|whitespace|design|theme|input|output|prompt|completion|start|end|begin|string|number)_?token_$',
  '_(no|pre|post|optional|skip|on|after|before|ensure|verify|check|handle|use|req)_auth_$',
  '_(boarding|first|second)_pass_$',
];

/** Secret although `PLAIN` seems to say otherwise. */
const HARD = ['(?<!pos|s)session_?ids?_$|_secret_id_$|_id_?tokens?_$|_secret_?access_?key', ends(ADDRESSES)];

/** `SENDGRID_KEY`, `DD_APP_KEY`: constants and variables of the environment, unless the word before says what key it is. */
export const CONSTANT_KEY = /^[A-Z][A-Z\d]*(_[A-Z\d]+)*_KEY$/;
const PLAIN_CONSTANTS =
  '_(primary|foreign|public|publishable|cache|sort|partition|hash|range|index|unique|natural|composite|object|map|lookup|' +
  'row|column|group|local_storage|session_storage|context|metadata|state|tab|arrow|enter|escape|esc|shift|space|hot|i18n|' +
  'translation|message|route|routing|event|query|theme|locale|lang|language|config|settings|feature|flag|registry|parent|' +
  'bucket|s3|idempotency|issue|project|type|id|name|value|default|list|item|user|reflect|inject|injection|null|test|any|' +
  'storage|react|dictionary|record|field|path|node|entity|data|order|menu|nav|meta|ctrl|alt|up|down|left|right)_key_$';

function ends(pattern: string): string {
  return `_(?:${pattern})\\d*_$`;
}

function any(patterns: string[]): RegExp {
  return new RegExp(arrayJoin(patterns, '|'));
}

/** Names of which only those values are secret that read as an id, not as a word or as data. */
const SOFT = '^_(session|sess|code|assertion|signature|sig|(x_)?(hub_)?signature(_\\d+)?)_$';
/** Names of which only digits are secret. */
const SOFT_DIGITS = '^_pin_$';
/** Each name of these two kinds has one of them in it. */
export const SOFT_FRAGMENTS = ['sess', 'code', 'assertion', 'sig', 'pin'];

export const READABLE = any(PLAIN);
export const ALWAYS = any(HARD);
export const PLAIN_CONSTANT = new RegExp(PLAIN_CONSTANTS);
export const OPAQUE = new RegExp(SOFT);
export const DIGITS = new RegExp(SOFT_DIGITS);
