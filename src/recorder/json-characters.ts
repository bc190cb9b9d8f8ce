/** White space of JSON. */
export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** `{` and `[`. */
export function isOpening(code: number): boolean {
  return code === 0x7b || code === 0x5b;
}
