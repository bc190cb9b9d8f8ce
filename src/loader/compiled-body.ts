import { linkIds } from '../transform/link.js';
import type { CompiledBody, Edit, LinkedBody } from '../transform/types.js';
import type { Rewritten } from './source-cache.js';
import { shiftMap } from './source-map.js';

/** Characters that Vite's evaluators put after a body. */
const CLOSING = '\n}}'.length;

/** The code without the map at its end, which is another one later. */
export function withoutMap({ code, map }: CompiledBody): string {
  return map === undefined ? code.slice(0, inlineMap(code)?.start) : code;
}

/** Its map as JSON, if it has one, for the lines of the code. */
export function mapOf(body: CompiledBody): string | undefined {
  const json = ownMap(body);
  if (json === undefined || !body.linesAbove) return json;
  const map = JSON.parse(json) as { mappings: string };
  // Nothing in the lines above leads to anywhere but the beginning, from where the first below counts.
  return JSON.stringify({ ...map, mappings: map.mappings.split(';').slice(body.linesAbove).join(';') });
}

function ownMap({ code, map }: CompiledBody): string | undefined {
  if (map !== undefined) return map;
  const inline = inlineMap(code);
  return inline && Buffer.from(inline.text, 'base64').toString();
}

/** The text to run, and its map, so that stacks and code frames name the places that they would without us. */
export function linkedBody(
  body: CompiledBody,
  { code, prefix, edits }: Pick<Rewritten, 'code' | 'prefix' | 'edits'>,
  base: number,
  stride: number,
): LinkedBody {
  const linked = linkIds(code, prefix, base, stride);
  const json = ownMap(body);
  const nothing = { ran: CLOSING, original: CLOSING };
  if (json === undefined) return { code: linked, behind: nothing };
  const ownEdits = (JSON.parse(edits) as Edit[]).map((edit) => ({
    ...edit,
    insert: linkIds(edit.insert, prefix, base, stride),
  }));
  const map = shiftMap(json, body.code, ownEdits, body.linesAbove ?? 0);
  if (body.map !== undefined) return { code: linked, map, behind: nothing };
  const { start, end } = inlineMap(linked)!;
  const rest = Buffer.from(map).toString('base64') + linked.slice(end);
  const original = body.code.length - withoutMap(body).length;
  return { code: linked.slice(0, start) + rest, behind: { ran: rest.length + CLOSING, original: original + CLOSING } };
}

const INLINE = /\/\/# sourceMappingURL=data:application\/json[^,\n]*;base64,/g;

/** The last one: those before may be in strings of the program. */
function inlineMap(code: string): { text: string; start: number; end: number } | undefined {
  const comment = [...code.matchAll(INLINE)].at(-1);
  if (!comment) return undefined;
  const start = comment.index + comment[0].length;
  const length = /^[\w+/=]*/.exec(code.slice(start))![0].length;
  return { text: code.slice(start, start + length), start, end: start + length };
}
