import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { majors } from '../scripts/node-versions.mjs';
import { repository } from './helpers/run.js';

const { load } = createRequire(__filename)('js-yaml') as { load(text: string): any };

const read = (file: string) => readFileSync(join(repository, file), 'utf8');
const yaml = (file: string) => load(read(file));
const manifest = JSON.parse(read('package.json'));

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}

describe('the GitHub workflows', () => {
  const names = readdirSync(join(repository, '.github/workflows'));
  const steps = names.flatMap((name) => {
    const jobs: Record<string, { steps: Step[] }> = yaml(`.github/workflows/${name}`).jobs;
    return Object.values(jobs).flatMap((job) => job.steps);
  });

  test('call only scripts and files that exist', () => {
    const commands = steps.flatMap(({ run }) => (run === undefined ? [] : [run]));
    expect(commands.length).toBeGreaterThan(6);
    const known = (command: string): boolean => {
      const [, script] = /^npm run (\S+)$/.exec(command) ?? [];
      if (script !== undefined) return script in manifest.scripts;
      const [, file] = /^node (\S+)/.exec(command) ?? [];
      if (file !== undefined) return read(file).length > 0;
      return /^npm (ci|test|publish --provenance --access public)$/.test(command);
    };
    expect(commands.filter((command) => !known(command))).toEqual([]);
    expect(steps.filter(({ uses }) => uses !== undefined && !/^actions\/[\w-]+@v\d+$/.test(uses))).toEqual([]);
  });

  test('test each supported Node on Linux, macOS and Windows', () => {
    const { os, node } = yaml('.github/workflows/ci.yml').jobs.test.strategy.matrix;
    expect(os).toEqual(['ubuntu-latest', 'macos-latest', 'windows-latest']);
    expect(node).toEqual(majors);
  });

  test('publish with provenance, and only after the tests', () => {
    const { permissions, jobs } = yaml('.github/workflows/release.yml');
    expect(permissions).toEqual({ contents: 'read', 'id-token': 'write' });
    const runs = (jobs.publish.steps as Step[]).map(({ run }) => run);
    expect(runs.indexOf('npm test')).toBeGreaterThan(0);
    expect(runs.at(-1)).toBe('npm publish --provenance --access public');
  });
});

describe('the check before a release', () => {
  const check = (tag: string) => {
    const { status, stderr } = spawnSync(process.execPath, [join(repository, 'scripts/release-check.mjs'), tag], {
      encoding: 'utf8',
    });
    return { status, stderr };
  };

  test('takes the version of package.json, once the changelog has it', () => {
    const released = read('CHANGELOG.md').includes(`\n## ${manifest.version} - `);
    const missing = `release-check: CHANGELOG.md has no section "## ${manifest.version} - <date>": rename "Unreleased"\n`;
    expect(check(`v${manifest.version}`)).toEqual(
      released ? { status: 0, stderr: '' } : { status: 1, stderr: missing },
    );
  });

  test('refuses another tag', () => {
    expect(check('v9.9.9')).toEqual({
      status: 1,
      stderr: `release-check: the tag is "v9.9.9", package.json says ${manifest.version}: tag it as v${manifest.version}\n`,
    });
  });
});

test('each issue form has what GitHub requires, and its fields have ids of their own', () => {
  const forms = readdirSync(join(repository, '.github/ISSUE_TEMPLATE')).filter((name) => name !== 'config.yml');
  expect(forms.length).toBeGreaterThan(1);
  for (const name of forms) {
    const form = yaml(`.github/ISSUE_TEMPLATE/${name}`);
    expect(form).toMatchObject({ name: expect.any(String), description: expect.any(String) });
    const fields = (form.body as { type: string; id?: string; attributes: Record<string, unknown> }[]).filter(
      ({ type }) => type !== 'markdown',
    );
    const ids = fields.map(({ id }) => id);
    expect(ids.every(Boolean) && new Set(ids).size === ids.length).toBe(true);
    for (const { type, attributes } of fields) {
      expect(['input', 'textarea', 'dropdown', 'checkboxes']).toContain(type);
      expect(attributes.label).toEqual(expect.any(String));
    }
  }
});

test('the changelog keeps its form: sections of versions, newest first, with known groups', () => {
  const text = read('CHANGELOG.md');
  const versions = [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
  expect(versions[0] === 'Unreleased' || versions[0].startsWith(`${manifest.version} - `)).toBe(true);
  const released = versions.filter((title) => title !== 'Unreleased');
  expect(released.filter((title) => !/^\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d$/.test(title))).toEqual([]);
  const groups = [...text.matchAll(/^### (.+)$/gm)].map(([, title]) => title);
  const known = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
  expect(groups.filter((title) => !known.includes(title))).toEqual([]);
});

test('the guide for contributors names scripts and files that exist', () => {
  const text = read('CONTRIBUTING.md');
  const scripts = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name);
  expect(scripts.length).toBeGreaterThan(4);
  expect(scripts.filter((name) => !(name in manifest.scripts))).toEqual([]);
  const files = [...text.matchAll(/`((?:src|hooks|test|docs|bench)\/[\w./-]*)`/g)].map(([, file]) => file);
  expect(files.length).toBeGreaterThan(12);
  expect(files.filter((file) => !existsSync(join(repository, file)))).toEqual([]);
});
