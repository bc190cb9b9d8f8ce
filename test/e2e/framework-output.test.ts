import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

const map = Buffer.from(
  JSON.stringify({
    version: 3,
    sources: ['../../../app/%5Bid%5D/page.js'],
    sourcesContent: ['export function page() { return "page"; }'],
    names: [],
    mappings: 'AAAO,SAASA',
  }),
).toString('base64');

const project = programs({
  'app/[id]/page.js': 'export function page() { return "page"; }',
  'main.cjs': `
    function main(names) { return names.map((name) => require('./.next/server/' + name).page()).join(); }
    console.log(main(process.argv.slice(2)));`,
  '.next/server/unmapped.js': 'exports.page = function page() { return "unmapped"; };',
  '.next/server/another.js': 'exports.page = () => "another";',
  '.next/server/chunks/[externals]_x.js': 'exports.page = () => "glue";',
  '.next/server/app/page.js': `function page() { return "page"; }exports.page=page\n//# sourceMappingURL=data:application/json;base64,${map}`,
});
const { path } = nodes().at(-1)!;

async function run(...names: string[]): Promise<string[]> {
  const { records, stdout, stderr, code } = await project.traced(path, ['main.cjs', ...names]);
  expect({ stdout: stdout.trim().split(',').length, stderr, code }).toEqual({
    stdout: names.length,
    stderr: '',
    code: 0,
  });
  return records.flatMap((record) => {
    if (record.type === 'call' && record.file !== 'main.cjs') return [`${record.func} ${record.file}:${record.line}`];
    return record.type === 'skipped' ? [`${record.file}: ${record.reason}`] : [];
  });
}

describe('What a framework has built', () => {
  test('is recorded where a source map says it was written', async () => {
    expect(await run('app/page.js')).toEqual(['page app/[id]/page.js:1']);
  });

  test('is not recorded without one, which is said once', async () => {
    expect(await run('unmapped.js', 'another.js')).toEqual([
      '.next: built without source maps for the server, nothing in it is recorded; they come with experimental: { serverSourceMaps: true } in next.config.js',
    ]);
  });

  test('has parts that nobody misses', async () => {
    expect(await run('chunks/[externals]_x.js')).toEqual([]);
  });
});
