// `import` and `require` give the same functions.
import handit from './index.cjs';
export const { annotate, currentCall, flush, flushSync, session, tracing, version } = handit;
