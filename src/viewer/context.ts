import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { LlmCall } from '../llm/calls.js';
import type { Trace } from '../reader/trace.js';
import type { Shown } from './address.js';
import type { DetailsCache } from './details-cache.js';
import type { PageData } from './page-data.js';
import type { Hits } from './search.js';
import type { StoreLink } from './store-link.js';
import type { Wanted } from './wanted.js';

/** What every view needs. */
export interface Viewer {
  readonly trace: Trace;
  readonly store: StoreLink;
  readonly details: DetailsCache;
  readonly page: PageData;
  readonly shown: Shown;
  readonly hits: Hits | undefined;
  /** Calls of language models; undefined until they have been looked for. */
  readonly llm: readonly LlmCall[] | undefined;
  /** Shows something else; with `push` the way back leads here. */
  go(to: Partial<Shown>): void;
  /** Shows where a value comes from. */
  traceValue(wanted: Wanted | undefined): void;
}

export const ViewerContext = createContext<Viewer | undefined>(undefined);

export function useViewer(): Viewer {
  return useContext(ViewerContext)!;
}
