import * as fs from 'node:fs';

const { writeSync } = fs;

const said = new Set<string>();

/** One line on stderr, once each: only for what failed. Written synchronously, so that it is there even at a crash. */
export function warn(message: string): void {
  if (said.has(message)) return;
  said.add(message);
  line(message);
}

/** What `HANDIT_DEBUG` asks for. */
export function debug(message: string): void {
  line(message);
}

function line(message: string): void {
  try {
    writeSync(2, `handit: ${message}\n`);
  } catch {
    // A closed stderr is the program's own choice.
  }
}
