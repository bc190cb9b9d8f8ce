import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';
import type { CallDetail } from '../../../src/reader/details.js';
import { openTrace } from '../../../src/reader/node/open-trace.js';
import { call, returned } from '../../helpers/records.js';
import { repository, tempProject } from '../../helpers/run.js';

const lines = (...records: object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');
const one = lines(call(1, null, 0, { args_preview: { a: 'é' } }), returned(1, 1));
const other = lines(call(1, null, 2, { proc: 'aaaaaaaa', args_preview: { b: 2 } }));

function files(contents: Record<string, string | Buffer>): string {
  const folder = tempProject({});
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(folder, name), content);
  return folder;
}

test('reads a file, and its lines back', async () => {
  const trace = await openTrace(join(files({ 'a.jsonl': one }), 'a.jsonl'));
  expect(trace.nodes.count).toBe(1);
  expect(trace.call(0)).toMatchObject({ args: { a: 'é' }, result: null });
  trace.close();
});

test('reads packed files, whatever their name, also one that lacks its end', async () => {
  const packed = gzipSync(one + other);
  const folder = files({ 'a.jsonl.gz': packed, 'b.jsonl': packed, 'c.gz': packed.subarray(0, -12) });
  for (const name of ['a.jsonl.gz', 'b.jsonl']) {
    const trace = await openTrace(join(folder, name));
    expect([trace.nodes.count, trace.damage.bad]).toEqual([2, 0]);
    expect(trace.call(1).args).toEqual({ b: 2 });
  }
  const cut = await openTrace(join(folder, 'c.gz'));
  expect(cut.nodes.count).toBeGreaterThan(0);
  expect(cut.damage.bad).toBe(1);
});

test('reads zstd where Node can, and says what to do where it cannot', async () => {
  const { zstdCompressSync } = zlib as { zstdCompressSync?: (text: string) => Buffer };
  const frame = zstdCompressSync ? zstdCompressSync(one) : Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]);
  const opened = openTrace(join(files({ 'a.jsonl.zst': frame }), 'a.jsonl.zst'));
  if (zstdCompressSync) expect((await opened).nodes.count).toBe(1);
  else
    await expect(opened).rejects.toThrow(
      /is packed with zstd, .* use Node 22\.15 or later, or unpack it with: zstd -d/,
    );
});

test('keeps what comes only once in a file when it is large', async () => {
  const long = lines(call(1, null, 0, { func: 'x'.repeat(600) }));
  expect(long).toContain('"id":1,');
  const many = Array.from({ length: 60_000 }, (_, i) => long.replace('"id":1,', `"id":${i + 1},`)).join('');
  expect(many.length).toBeGreaterThan(33 * 1024 * 1024);
  const trace = await openTrace(join(files({ 'a.gz': gzipSync(many) }), 'a.gz'));
  expect(trace.nodes.count).toBe(60_000);
  for (const node of [0, 30_000, 59_999]) expect(trace.call(node).args).toEqual({});
  trace.close();
});

test('several files and folders are one trace', async () => {
  const folder = files({ 'a.jsonl': one, 'b.jsonl.gz': gzipSync(other), 'notes.txt': 'x' });
  mkdirSync(join(folder, 'c.jsonl'));
  for (const inputs of [folder, [join(folder, 'a.jsonl'), join(folder, 'b.jsonl.gz')]]) {
    const trace = await openTrace(inputs);
    expect(trace.processes.map(({ proc }) => proc)).toEqual(['5f0c9a1e', 'aaaaaaaa']);
    expect([trace.call(0).args, trace.call(1).args]).toEqual([{ a: 'é' }, { b: 2 }]);
    expect(trace.damage.bad).toBe(0);
  }
});

test('says what is wrong with an input', async () => {
  const folder = files({ 'notes.txt': 'x' });
  await expect(openTrace(join(folder, 'no.jsonl'))).rejects.toThrow(
    /^there is no file .*no\.jsonl; record one with: node --import handit\/register app\.js$/,
  );
  await expect(openTrace(folder)).rejects.toThrow(/^there is no \*\.jsonl file in the folder /);
});

test('without the folder node/, it runs where there is nothing of Node', async () => {
  const { build } = await import('esbuild');
  const contents = `
    import { Indexer } from './src/reader/indexer.js';
    import { Trace } from './src/reader/trace.js';
    import { blobSource } from './src/reader/source.js';
    const indexer = new Indexer(bytes.length);
    indexer.begin('a');
    indexer.write(bytes);
    indexer.end();
    const blob = { slice: (from, to) => ({ arrayBuffer: async () => bytes.slice(from, to).buffer }) };
    globalThis.done = new Trace(indexer, [blobSource(blob, 'a')]).loadCall(0);`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: repository },
    ...{ bundle: true, write: false, platform: 'browser', logLevel: 'silent' },
  });
  const bytes = Uint8Array.from(Buffer.from(one));
  const context = createContext({ bytes, TextDecoder, TextEncoder });
  runInContext(outputFiles[0].text, context);
  expect((await (context as { done: Promise<CallDetail> }).done).args).toEqual({ a: 'é' });
});
