import { callOf, ofType } from '../helpers/api.js';
import { nodes } from '../helpers/node-versions.js';
import { programs } from '../helpers/programs.js';

test.each(nodes())('annotate() and currentCall() belong to the call that runs, on Node $label', async ({ path }) => {
  const source = `
    import http from 'node:http';
    import { annotate, currentCall, session } from 'handit';
    const log = (what) => console.log(JSON.stringify([what, currentCall()]));
    console.log(JSON.stringify(['outside', currentCall()]));
    async function work() {
      annotate({ model: 'small', apiKey: 'hunter2', long: 'x'.repeat(5000), self: process });
      await inner();
      annotate('behind the await');
      log('work');
    }
    async function inner() { await null; annotate([1]); }
    await session({ tag: 'a' }, () => work());
    session({ tag: 'b' }, () => 0);
    annotate({ at: 'the top' });
    const server = http.createServer(function answer(request, response) { log('answer'); response.end(); }).listen(0, async () => {
      await new Promise((done) => http.get({ port: server.address().port, agent: false, headers: {
        traceparent: '00-' + 'ab'.repeat(16) + '-' + 'cd'.repeat(8) + '-01' } }, (r) => r.resume().on('end', done)));
      server.close();
    });
    try { annotate(); } catch (error) { console.log(JSON.stringify([error.name, error.message])); }
  `;
  const { records, stdout, stderr } = await programs({ 'app.mjs': source }).traced(path, ['app.mjs']);
  expect(stderr).toBe('');
  const work = callOf(records, 'work').call;
  const inner = callOf(records, 'inner').call;
  const notes = ofType(records, 'annotation');
  expect(notes.map(({ id, data }) => [id, typeof data])).toEqual([
    [work.id, 'object'],
    [inner.id, 'object'],
    [work.id, 'string'],
    [null, 'object'],
  ]);
  expect(notes[0]).toMatchObject({
    data: { model: 'small', apiKey: '<redacted>', long: { $type: 'string', length: 5000 } },
    session_id: work.session_id,
  });
  expect(JSON.stringify(notes[0]).length).toBeLessThan(60_000);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as [string, object]);
  const answer = callOf(records, 'answer').call;
  expect(lines).toEqual([
    ['outside', null],
    ['work', { proc: work.proc, id: expect.any(Number) as number, session_id: work.session_id }],
    ['TypeError', "annotate() was given undefined; give it the data to attach, as in annotate({ model: 'small' })"],
    ['answer', { proc: work.proc, id: expect.any(Number) as number, trace_id: 'ab'.repeat(16) }],
  ]);
  // `log` is a recorded function too, and the one that runs.
  const logs = ofType(records, 'call').filter(({ func }) => func === 'log');
  expect(logs.map(({ id, parent }) => [id, parent])).toEqual([
    [(lines[1][1] as { id: number }).id, work.id],
    [(lines[3][1] as { id: number }).id, answer.id],
  ]);
});
