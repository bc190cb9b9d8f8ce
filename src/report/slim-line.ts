type Fields = Record<string, unknown>;

/** What is read back of a line; all else of it is in the index: who, where, when. */
const KEPT: Record<string, readonly string[]> = {
  call: ['args_preview', 'this_preview'],
  return: ['return_preview'],
  settle: ['return_preview', 'error'],
  exception: ['error'],
};

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Where a line begins with its type, as handit writes it: other lines are parsed by the index as well, and stay. */
const OF_CALL = /^\{"type":"(call|return|settle|exception)"/;

/** A line of a call without what the index says: less than half of it. */
export function slimLine(line: Uint8Array): Uint8Array {
  const text = decoder.decode(line);
  const [, type] = OF_CALL.exec(text) ?? [];
  if (type === undefined) return line;
  let record: Fields;
  try {
    record = JSON.parse(text) as Fields;
  } catch {
    return line;
  }
  const kept: Fields = { type };
  for (const name of KEPT[type]) if (Object.hasOwn(record, name)) kept[name] = record[name];
  return encoder.encode(JSON.stringify(kept));
}
