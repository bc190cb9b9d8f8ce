// Made by code, so that no scanner takes one for a real one: the forms that secrets have, with a body that says what
// it is.
const body = (length: number, seed: number) =>
  Array.from({ length }, (_, i) => 'SYNTHETICnotasecret0123456789'[(i * 7 + seed * 13 + (i % 3) * seed) % 29]).join('');
const digits = (length: number, seed: number) =>
  Array.from({ length }, (_, i) => (i * 3 + seed * 7 + ((i * seed) % 5)) % 10).join('');
const forms: ((seed: number) => string)[] = [
  (n) => ['sk', 'live', body(24, n)].join('_'),
  (n) => ['gh', 'p_', body(36, n)].join(''),
  (n) => ['xo', 'xb-', digits(11, n), '-', body(24, n)].join(''),
  (n) => ['AK', 'IA', body(16, n).toUpperCase()].join(''),
  (n) => ['ey', 'J', body(20, n), '.ey', 'J', body(40, n + 1), '.', body(43, n + 2)].join(''),
  (n) => ['41', digits(14, n)].join(''),
  (n) => ['-----BEGIN ', 'PRIVATE', ' KEY-----\n', body(64, n), '\n-----END ', 'PRIVATE', ' KEY-----'].join(''),
  (n) => ['Bear', 'er ', body(32, n)].join(''),
  (n) => ['post', 'gres://app:', body(12, n), '@db.example/shop'].join(''),
  (n) => ['correct-horse-', body(9, n)].join(''),
];
const keys = [
  ...['password', 'passwd', 'userPassword', 'DB_PASSWORD', 'passphrase', 'pwd', 'secret', 'client_secret', 'appSecret'],
  ...['token', 'accessToken', 'refresh-token', 'id_token', 'csrfToken', 'authorization', 'Proxy-Authorization', 'auth'],
  ...['cookie', 'Set-Cookie', 'sessionId', 'connect.sid', 'api_key', 'X-API-Key', 'apiKey', 'privateKey', 'signingKey'],
  ...['cardNumber', 'credit_card', 'cvv', 'pan', 'jwt', 'otp', 'credentials', 'DATABASE_URL', 'redisUrl', 'ssn'],
];
/** Secrets under keys that say so: at least 100 different ones. */
export const corpus = keys.flatMap((key, k) =>
  [0, 1, 2].map((turn) => ({ key, value: forms[(k + turn * 3) % forms.length](k * 3 + turn + 1) })),
);
