import type { TraceRecord } from '../../src/trace-format.js';

/** What each test that failed did, without ids and times. */
export function failuresIn(records: TraceRecord[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const testOf = new Map<string, string>();
  for (const record of records) {
    if (record.type === 'test_end' && record.outcome === 'failed') found.set(`${record.proc} ${record.test_id}`, []);
  }
  for (const record of records) {
    const call = 'id' in record ? `${record.proc} ${record.id}` : '';
    const { test_id } = record as { test_id?: number };
    if (record.type === 'call' && test_id !== undefined) testOf.set(call, `${record.proc} ${test_id}`);
    const lines = found.get(testOf.get(call) ?? '');
    if (!lines) continue;
    const value =
      'args_preview' in record ? record.args_preview : 'return_preview' in record ? record.return_preview : null;
    // Times, durations and ports are others in each run.
    const text = JSON.stringify(value)
      .replace(/127\.0\.0\.1:\d+/g, '')
      .replace(/\b\d{10,}\b|\d+\.\d+|"diff":\d+|,"hash":"\w+"/g, '');
    lines.push(`${record.type} ${'func' in record ? record.func : ''} ${text}`);
  }
  const names = records.flatMap((record) =>
    record.type === 'test_end' && found.has(`${record.proc} ${record.test_id}`)
      ? [[record.test, found.get(`${record.proc} ${record.test_id}`)!] as const]
      : [],
  );
  return new Map(names);
}
