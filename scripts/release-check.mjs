// Says whether a tag may be released: node scripts/release-check.mjs v1.2.3
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [tag = ''] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');

if (tag !== `v${version}`) fail(`the tag is "${tag}", package.json says ${version}: tag it as v${version}`);
if (!changelog.split('\n').some((line) => line.startsWith(`## ${version} - `)))
  fail(`CHANGELOG.md has no section "## ${version} - <date>": rename "Unreleased"`);

function fail(problem) {
  console.error(`release-check: ${problem}`);
  process.exitCode = 1;
}
