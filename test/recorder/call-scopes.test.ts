import { CallScopes } from '../../src/recorder/call-scopes.js';
import { newBudget, NO_LABELS, type Budget, type Scope } from '../../src/recorder/scope.js';

describe('CallScopes', () => {
  test('knows the scope of a call, and that it has none', () => {
    const calls = new CallScopes();
    const scope = inside(newBudget(calls.newRoot(), true));
    calls.note(1, null);
    calls.note(2, scope);
    calls.note(3, null);
    expect([1, 2, 3].map((id) => calls.scopeOf(id, 3))).toEqual([null, scope, null]);
    expect([1, 2, 3].map((id) => calls.rootOf(id, 3))).toEqual([0, 1, 0]);
  });

  test('forgets the scopes of a request that has ended, not of which request its calls were', () => {
    const calls = new CallScopes();
    const [one, other] = [1, 2].map(() => newBudget(calls.newRoot(), true));
    const scopes = [inside(one), inside(other), inside(one)];
    scopes.forEach((scope, index) => calls.note(index + 1, scope));
    end(calls, one);
    expect([1, 2, 3].map((id) => calls.scopeOf(id, 3))).toEqual([null, scopes[1], null]);
    expect([1, 2, 3].map((id) => calls.rootOf(id, 3))).toEqual([1, 2, 1]);
  });

  test('keeps no scope that is first met after the end of its request', () => {
    const calls = new CallScopes();
    const budget = newBudget(calls.newRoot(), true);
    end(calls, budget);
    calls.note(1, inside(budget));
    expect([calls.scopeOf(1, 1), calls.rootOf(1, 1)]).toEqual([null, 1]);
  });

  test('keeps the scopes of a session or test that has ended, for its labels, and those of the process', () => {
    const calls = new CallScopes();
    const session = newBudget(calls.newRoot(), true);
    const process = newBudget(0, true);
    process.open = false;
    const scopes = [inside(session, Buffer.from(',"session_id":"s"')), inside(process)];
    scopes.forEach((scope, index) => calls.note(index + 1, scope));
    end(calls, session);
    expect([1, 2].map((id) => calls.scopeOf(id, 2))).toEqual(scopes);
  });

  test('knows the latest 65,536 calls and 16,384 scopes', () => {
    const calls = new CallScopes();
    const budget = newBudget(calls.newRoot(), true);
    const first = inside(budget);
    calls.note(1, first);
    expect(calls.scopeOf(1, 65_536)).toBe(first);
    expect(calls.scopeOf(1, 65_537)).toBeNull();
    for (let id = 2; id <= 16_384; id++) calls.note(id, inside(budget));
    expect(calls.scopeOf(1, 16_384)).toBe(first);
    calls.note(16_385, inside(budget));
    expect(calls.scopeOf(1, 16_385)).toBeNull();
    expect(calls.rootOf(1, 16_385)).toBe(0);
  });

  test('a request with very many scopes holds the last ones of them only', () => {
    const calls = new CallScopes();
    const budget = newBudget(calls.newRoot(), true);
    for (let id = 1; id <= 5000; id++) calls.note(id, inside(budget));
    let chained = 0;
    for (let { scope } = budget; scope !== null; scope = scope.before) chained++;
    expect(chained).toBe(5000 % 1024);
  });
});

function inside(budget: Budget, json: Uint8Array = NO_LABELS): Scope {
  return { parent: 0, labels: {}, json, libraryCall: null, trace: null, budget, number: 0, before: null };
}

function end(calls: CallScopes, budget: Budget): void {
  budget.open = false;
  calls.ended(budget);
}
