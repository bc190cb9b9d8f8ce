import { startAgent } from './agent.js';
import { warn } from './log.js';

try {
  startAgent(__dirname);
} catch (error) {
  // The program was asked for, not the trace.
  warn(
    `cannot start (${error instanceof Error ? error.message : String(error)}); the program runs without being recorded`,
  );
}
