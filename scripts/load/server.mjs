// What scripts that load a server ask of it.
import { readFileSync } from 'node:fs';

/** The port that it prints when it listens. */
export function portOf(child) {
  return new Promise((done, failed) => {
    child.on('close', (code) => failed(new Error(`the server ended with ${code}`)));
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const port = /^port (\d+)$/m.exec(text)?.[1];
      if (port) done(Number(port));
    });
  });
}

/** In seconds, of all its threads; only where there is a /proc. */
export function processorTime(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return NaN;
  }
}
