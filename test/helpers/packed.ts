import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { repository, tempProject } from './run.js';

/** What `npm pack` makes of the repository. */
export interface Packed {
  tarball: string;
  /** Path -> text. */
  files: Map<string, string>;
  /** The same as bytes: not all of it is text. */
  contents: Map<string, Buffer>;
}

export function pack(): Packed {
  const folder = tempProject({});
  // On Windows npm is a script, which only a shell starts.
  const { status, stderr } = spawnSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], {
    cwd: repository,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm pack ended with ${status}: ${stderr}`);
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string };
  const tarball = join(folder, `handit-${version}.tgz`);
  const contents = filesIn(gunzipSync(readFileSync(tarball)));
  return { tarball, contents, files: new Map([...contents].map(([path, bytes]) => [path, String(bytes)])) };
}

/** The project's node_modules get the packed files, and what the package depends on. */
export function install({ contents }: Packed, project: string): void {
  const target = join(project, 'node_modules/handit');
  for (const [path, bytes] of contents) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    writeFileSync(join(target, path), bytes);
  }
  for (const name of ['oxc-parser', '@oxc-parser', '@oxc-project'])
    symlinkSync(join(repository, 'node_modules', name), join(project, 'node_modules', name), 'junction');
}

/** A tar archive is blocks of 512 bytes: a header with name and octal size, then the content. npm writes no long names. */
function filesIn(archive: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const field = (start: number, length: number) =>
    archive.toString('latin1', start, start + length).replace(/\0.*$/s, '');
  for (let offset = 0; offset < archive.length && archive[offset] !== 0;) {
    const size = parseInt(field(offset + 124, 12), 8);
    const path = field(offset, 100).replace(/^package\//, '');
    files.set(path, archive.subarray(offset + 512, offset + 512 + size));
    offset += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
