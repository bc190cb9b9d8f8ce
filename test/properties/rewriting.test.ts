import { batchOf } from '../../scripts/fuzz.mjs';
import { nodes } from '../helpers/node-versions.js';
import { programs, withoutPid } from '../helpers/programs.js';

// Longer, with other seeds: `npm run fuzz`.
const COUNT = 150;
const { files, names } = batchOf(1, COUNT);

describe.each([nodes()[0], nodes().at(-1)!])('on Node $version', ({ path }) => {
  test('generated programs print the same, and V8 takes what is made of them', async () => {
    const { bare, traced } = programs(files);
    const expected = withoutPid(await bare(path, ['all.cjs']));
    const { records, ...run } = await traced(path, ['all.cjs']);
    expect(withoutPid(run)).toEqual(expected);
    expect(names).toHaveLength(COUNT);
    // Each tells its name, and most run.
    expect(expected.stdout.match(/^== /gm)).toHaveLength(COUNT);
    const skipped = records.flatMap((each) => (each.type === 'skipped' ? [each] : []));
    expect(skipped.filter(({ reason }) => reason.includes('V8'))).toEqual([]);
    const ran = new Set(records.flatMap((each) => (each.type === 'call' ? [each.file] : [])));
    expect(ran.size).toBeGreaterThan(COUNT / 2);
  });
});
