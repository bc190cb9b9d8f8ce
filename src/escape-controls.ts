/**
 * What a terminal or a model would obey or hide, or show in another order: control characters (C0, DEL, C1), marks of writing
 * direction, separators of lines and paragraphs, the byte order mark, tags.
 */
// eslint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\udb40[\udc00-\udfff]/g;

/** Such characters as `\u001b`, which inside of JSON means the same. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (found) =>
    found === '\n' ? '\\n' : found === '\t' ? '\\t' : found === '\r' ? '\\r' : unicode(found),
  );
}

function unicode(found: string): string {
  return Array.from({ length: found.length }, (_, at) => found.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('');
}
