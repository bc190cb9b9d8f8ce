import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { importedOnly, ofType, sessionsOf } from '../helpers/api.js';
import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

const SOURCE = `
  import http from 'node:http';
  import { createRequire } from 'node:module';
  import * as imported from 'handit';
  const required = createRequire(import.meta.url)('handit');
  const second = createRequire(import.meta.url)('other');
  console.log(Object.keys(imported).filter((key) => key !== 'default').map((key) => imported[key] === required[key] && imported[key] !== second[key]).join());
  const work = second.tracing({ agent: 'second' }, async function work() { return imported.currentCall(); });
  const seen = await imported.session({ tag: 'first' }, () => second.session({ tag: 'second' }, work));
  console.log(seen?.session_id === undefined ? 'none' : 'one', JSON.stringify(imported.currentCall()));
  const server = http.createServer((request, response) => response.end('hello')).listen(0, () => {
    http.get({ port: server.address().port, agent: false }, (response) => response.resume().on('end', () => server.close()));
  });
`;

test.each(nodes())('two copies, by import and by require, are one instance on Node $label', async ({ path }) => {
  const project = programs({ 'app.mjs': SOURCE, 'node_modules/other/index.js': "module.exports = require('handit');" });
  const modules = join(project.folder, 'node_modules');
  cpSync(join(modules, 'handit'), join(modules, 'other/node_modules/handit'), { recursive: true });
  const runs = [await project.traced(path, ['app.mjs']), await importedOnly(project, path, ['app.mjs'])];
  for (const { records, stdout, stderr } of runs) {
    expect([stdout, stderr]).toEqual([`${'true,'.repeat(6)}false\none null\n`, '']);
    const { first, second } = sessionsOf(records);
    expect(second.start.outer_session_id).toBe(first.start.session_id);
    expect(ofType(records, 'process_start')).toHaveLength(1);
    const work = ofType(records, 'call').filter(({ func }) => func === 'work');
    expect(work).toMatchObject([{ agent: 'second', session_id: second.start.session_id }]);
    // HTTP is recorded from the first use of the API on.
    expect(
      ofType(records, 'http_request')
        .map(({ side }) => side)
        .sort(),
    ).toEqual(['client', 'server']);
    expect(
      ofType(records, 'http_response')
        .map(({ bytes_in }) => bytes_in)
        .sort(),
    ).toEqual([0, 5]);
  }

  const off = await project.bare(path, ['app.mjs'], { env: { HANDIT_ENABLED: 'false' } });
  expect([off.stdout, off.stderr]).toEqual([`${'true,'.repeat(6)}false\nnone null\n`, '']);
  expect(readdirSync(project.folder).sort()).toEqual(['app.mjs', 'node_modules']);
});
