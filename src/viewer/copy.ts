import type { ExchangeDetail } from '../reader/details.js';
import type { Trace } from '../reader/trace.js';
import type { Detail } from './details-cache.js';
import { duration, nameOf, outcomeText, placeOf, short } from './format.js';

/** Where the clipboard is refused, as in a sandboxed frame, through a selection. */
export function copyText(text: string): void {
  const bySelection = (): void => {
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  };
  const { clipboard } = navigator as { clipboard?: Clipboard };
  if (clipboard) clipboard.writeText(text).catch(bySelection);
  else bySelection();
}

/** A call with its values and who called it, as one pastes it into an issue. */
export function markdownOf(trace: Trace, node: number, detail: Detail): string {
  const lines = [`**${code(nameOf(trace, node))}** ${placeOf(trace, node)}`, ''];
  if ('call' in detail) {
    for (const [name, value] of Object.entries(detail.call.args ?? {}))
      lines.push(`- ${name}: ${code(short(value, 400))}`);
  } else {
    const { requestBody, responseBody, url } = detail.exchange;
    lines.push(`- url: ${code(url)}`);
    for (const [name, body] of Object.entries({ request: requestBody, response: responseBody })) {
      if (body) lines.push(`- ${name}: ${code(short(body.json ?? body.text, 1000))}`);
    }
  }
  lines.push(
    `- outcome: ${code(outcomeText(trace, node, detail, 1000))}`,
    `- took: ${duration(trace.durationOf(node))}`,
  );
  const above: string[] = [];
  for (let at = trace.nodes.parent[node]; at !== -1 && above.length < 12; at = trace.nodes.parent[at])
    above.push(nameOf(trace, at));
  if (above.length > 0) lines.push(`- called by: ${above.map(code).join(' ← ')}`);
  return lines.join('\n');
}

function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`';
  return `${fence}${text}${fence}`;
}

/** What was redacted stays redacted: it must be filled in. */
export function curlOf(method: string, { url, requestHeaders, requestBody }: ExchangeDetail): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const skip = new Set(['host', 'content-length', 'connection', 'transfer-encoding', 'accept-encoding']);
  const headers = Object.entries(requestHeaders)
    .filter(([name]) => !skip.has(name))
    .flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((one) => `-H ${quoted(`${name}: ${one}`)}`),
    );
  const body = requestBody && (requestBody.json === undefined ? requestBody.text : JSON.stringify(requestBody.json));
  const parts = [`curl -X ${method} ${quoted(url)}`, ...headers];
  if (body !== undefined) parts.push(`--data-binary ${quoted(body)}`);
  return parts.join(' \\\n  ');
}
