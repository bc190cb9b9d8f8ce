import type { EmbeddedSource, ReportData } from '../report/report-data.js';
import type { PackedLines } from './line-cache.js';
import { unpacked } from './packed.js';

/** What the page holds besides its markup. */
export interface PageData {
  readonly report: ReportData | undefined;
  readonly sources: readonly EmbeddedSource[];
}

/** The elements of the page that hold data, each read when it is needed: the index first, for it takes longest. */
export class PageElements {
  readonly #elements: readonly HTMLScriptElement[];

  constructor(document: Document) {
    this.#elements = [...document.querySelectorAll<HTMLScriptElement>('script[data-kind]')];
  }

  /** Raw bytes of the lines. */
  get size(): number {
    return this.#of('lines').reduce((sum, { dataset }) => sum + Number(dataset.size), 0);
  }

  /** In base64 of gzip. */
  takeIndex(): string {
    return this.#take('index');
  }

  async takeData(): Promise<PageData> {
    const [report, sources] = await Promise.all([this.#json('report'), this.#json('sources')]);
    return { report: report as ReportData | undefined, sources: (sources ?? []) as EmbeddedSource[] };
  }

  takeBlocks(): PackedLines[] {
    return this.#of('lines').map((element) => {
      const { size, lines } = element.dataset;
      return { text: new Blob([taken(element)]), size: Number(size), lines: Number(lines) };
    });
  }

  #of(kind: string): readonly HTMLScriptElement[] {
    return this.#elements.filter(({ dataset }) => dataset.kind === kind);
  }

  #take(kind: string): string {
    const [element] = this.#of(kind);
    return element ? taken(element) : '';
  }

  async #json(kind: string): Promise<unknown> {
    const text = this.#take(kind);
    return text === '' ? undefined : (JSON.parse(new TextDecoder().decode(await unpacked(text))) as unknown);
  }
}

/** The text is taken out of the page, which would hold it a second time. */
function taken(element: HTMLScriptElement): string {
  const text = element.textContent ?? '';
  element.remove();
  return text;
}
