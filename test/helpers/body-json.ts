import type { BodyCollector } from '../../hooks/lib/body-collector.js';
import { writeBody, type BodyHeaders } from '../../hooks/lib/body.js';
import { createEncoder } from '../../src/recorder/encoder.js';

/** What stands in a record for that body. */
export function bodyJson(
  body: BodyCollector,
  headers: BodyHeaders,
  maxBytes: number,
  isSecret: (key: string) => boolean,
): string {
  const out = createEncoder(() => undefined);
  writeBody(out, body, headers, maxBytes, isSecret);
  return out.slice(0);
}
