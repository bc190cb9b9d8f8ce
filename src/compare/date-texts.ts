const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const HTTP_DATE = /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/;
/** As `String(date)` and `date.toDateString()` write it. */
const DATE = /^\w{3} \w{3} \d\d \d{4}( \d\d:\d\d:\d\d GMT[+-]\d{4}( \([^)"]*\))?)?/;
const LONGEST = 80;
const COMMA = 0x2c;
const SPACE = 0x20;
const LAST_UPPER = 0x5a;
const DAY_LENGTH = 'Sat Nov 28 2026'.length;

/** After a date that begins with the name of a day; -1 where there is none, or one that is not of about that time. */
export function endOfDate(buffer: Uint8Array, at: number, to: number, fromMs: number, toMs: number): number {
  const after = buffer[at + 3];
  if (buffer[at] > LAST_UPPER || (after !== COMMA && after !== SPACE)) return -1;
  if (!DAYS.includes(text(buffer, at, at + 3))) return -1;
  const rest = text(buffer, at, Math.min(to, at + LONGEST));
  const [http] = HTTP_DATE.exec(rest) ?? [];
  if (http !== undefined) return at + http.length;
  const [date] = DATE.exec(rest) ?? [];
  if (date === undefined) return -1;
  const day = Date.parse(`${date.slice(0, DAY_LENGTH)} UTC`);
  return day >= fromMs && day <= toMs ? at + date.length : -1;
}

function text(buffer: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...buffer.subarray(from, to));
}
