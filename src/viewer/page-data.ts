import type { EmbeddedSource, ReportData } from '../report/report-data.js';
import type { PackedLines } from './line-cache.js';
import { unpacked } from './packed.js';

/** What the page holds besides its markup. */
export interface PageData {
  readonly report: ReportData | undefined;
  readonly sources: readonly EmbeddedSource[];
  /** In base64 of gzip. */
  readonly index: string;
  readonly blocks: readonly PackedLines[];
}

/** The texts of the blocks are taken out of the page, which would hold them a second time. */
export async function readPage(document: Document): Promise<PageData> {
  const elements = [...document.querySelectorAll<HTMLScriptElement>('script[data-kind]')];
  const of = (kind: string): HTMLScriptElement[] => elements.filter(({ dataset }) => dataset.kind === kind);
  const textOf = (kind: string): string => of(kind)[0]?.textContent ?? '';
  const json = async (kind: string): Promise<unknown> => {
    const text = textOf(kind);
    return text === '' ? undefined : (JSON.parse(new TextDecoder().decode(await unpacked(text))) as unknown);
  };
  const [report, sources] = await Promise.all([json('report'), json('sources')]);
  const blocks = of('lines').map((element) => {
    const { size, lines } = element.dataset;
    const block = { text: new Blob([element.textContent ?? '']), size: Number(size), lines: Number(lines) };
    element.remove();
    return block;
  });
  return {
    report: report as ReportData | undefined,
    sources: (sources ?? []) as EmbeddedSource[],
    index: textOf('index'),
    blocks,
  };
}
