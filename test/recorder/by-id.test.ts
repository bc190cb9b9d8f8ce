import fc from 'fast-check';
import { ById } from '../../src/recorder/by-id.js';

const PLACES = 8;

function contents(open: ById<string>): [number, string][] {
  const found: [number, string][] = [];
  open.forEach((value, id) => found.push([id, value]));
  return found;
}

test('finds what was set by its id, also when later ids need its place', () => {
  const open = new ById<string>(PLACES);
  for (let id = 1; id <= 20; id++) open.set(id, `v${id}`);
  for (let id = 1; id <= 20; id++) expect([open.has(id), open.get(id)]).toEqual([true, `v${id}`]);
  expect([open.has(21), open.get(21)]).toEqual([false, undefined]);
});

test('goes through it from the oldest to the newest, also where ids were left out', () => {
  const open = new ById<string>(PLACES);
  for (const id of [2, 3, 10, 14, 30, 33]) open.set(id, `v${id}`);
  open.delete(3);
  expect(contents(open).map(([id]) => id)).toEqual([2, 10, 14, 30, 33]);
});

test('what may be forgotten is there until a later id needs its place', () => {
  const open = new ById<string>(PLACES);
  open.set(1, 'a');
  open.set(2, 'b');
  open.mayForget(1);
  expect(open.get(1)).toBe('a');
  open.set(9, 'c');
  open.set(10, 'd');
  expect([open.get(1), open.get(2)]).toEqual([undefined, 'b']);
  open.mayForget(2);
  expect(open.has(2)).toBe(false);
});

test('holds what a map would hold, whatever is set and deleted', () => {
  const step = fc.record({ back: fc.nat(40), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const open = new ById<string>(PLACES);
      const expected = new Map<number, string>();
      let last = 0;
      for (const { back, remove } of steps) {
        if (remove) {
          open.delete(last - back);
          expected.delete(last - back);
        } else {
          last += 1 + (back % 3);
          open.set(last, `v${last}`);
          expected.set(last, `v${last}`);
        }
      }
      expect(contents(open)).toEqual([...expected]);
      for (let id = 1; id <= last; id++) expect(open.get(id)).toBe(expected.get(id));
    }),
  );
});
