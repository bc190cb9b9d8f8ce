// The licenses of what the bundler has put into dist/, by its own list of what it read.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** @param metafiles what esbuild says of each bundle */
export function thirdPartyNotices(root, metafiles) {
  const folders = new Set(metafiles.flatMap(({ outputs }) => Object.values(outputs).flatMap(packagesIn)));
  const notices = [...folders].sort().map((folder) => noticeOf(join(root, folder)));
  return ['handit contains code of these packages.\n', ...notices].join(`\n${'-'.repeat(80)}\n\n`);
}

function packagesIn({ inputs }) {
  return Object.entries(inputs)
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([file]) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0])
    .filter((folder) => folder !== undefined);
}

function noticeOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = existsSync(folder) && readdirSync(folder).find((entry) => /^licen[cs]e(\.\w+)?$/i.test(entry));
  if (!file || !license) throw new Error(`${name} ${version} has no license that could be shipped`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}
