import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

const source = `
class Account {
  #password;
  set password(value) { this.#password = value; }
  get password() { return this.#password; }
  getToken() { return 'tok-' + this.#password; }
  async apiKey() { return 'key-' + this.#password; }
  static secretOf(account) { return Promise.resolve(account.#password); }
  get owner() { return 'ada'; }
}
const account = new Account();
account.password = 'hunter2';
(async () => {
  console.log(account.password, account.getToken(), await account.apiKey(), await Account.secretOf(account), account.owner);
})();
`;

test.each(nodes())(
  'accessors and functions with a secret name keep what they hand out on Node $version',
  async ({ path }) => {
    const { bare, traced } = programs({ 'app.cjs': source });
    const plain = await bare(path, ['app.cjs']);
    const { records, ...result } = await traced(path, ['app.cjs']);
    expect(result).toEqual(plain);
    expect(plain.stdout).toBe('hunter2 tok-hunter2 key-hunter2 hunter2 ada\n');
    expect(JSON.stringify(records)).not.toContain('hunter2');

    const ends = records.filter((record) => record.type === 'return' || record.type === 'settle');
    const shown = Object.fromEntries(ends.map((end) => [`${end.func} ${end.type}`, end.return_preview]));
    expect(shown).toMatchObject({
      'Account.password return': '<redacted>',
      'Account.getToken return': '<redacted>',
      'Account.apiKey return': '<redacted>',
      'Account.static secretOf return': '<redacted>',
      'Account.static secretOf settle': '<redacted>',
      'Account.owner return': 'ada',
    });
  },
);
