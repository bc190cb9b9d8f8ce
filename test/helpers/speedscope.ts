import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openFile } from './browser.js';

export const release = dirname(require.resolve('speedscope/dist/release/index.html'));

export interface Imported {
  readonly title: string;
  /** What it said about the file, and what went wrong; not what it says of itself. */
  readonly said: string[];
}

/** speedscope with a file, as it ships: its importer knows the format by the content. */
export async function importedBySpeedscope(folder: string, name: string, text: string): Promise<Imported> {
  const script = join(folder, 'profile.js');
  const data = Buffer.from(text).toString('base64');
  writeFileSync(script, `speedscope.loadFileFromBase64(${JSON.stringify(name)}, ${JSON.stringify(data)})`);
  const hash = `#localProfilePath=${script}`;
  const { page, trouble } = await openFile(join(release, 'index.html'), { hash, wait: false });
  await page.waitForFunction('/ - speedscope$/.test(document.title)', undefined, { timeout: 20_000 }).catch(() => 0);
  const title = await page.title();
  await page.context().close();
  return { title, said: trouble.filter((line) => !/^request:|WebGL|speedscope v|import: [\d.]+ ms$/.test(line)) };
}
