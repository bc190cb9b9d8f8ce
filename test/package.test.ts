import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './helpers/run.js';

const read = (file: string) => readFileSync(join(repository, file), 'utf8');

interface LockedPackage {
  version: string;
  optional?: boolean;
  os?: string[];
  optionalDependencies?: Record<string, string>;
}

describe('package-lock.json', () => {
  const text = read('package-lock.json');
  const packages = JSON.parse(text).packages as Record<string, LockedPackage>;

  test('names no registry', () => {
    expect(text.match(/"resolved"|registry\.|\.tgz/g)).toBeNull();
  });

  // npm leaves out those it could not look up, and `npm ci` then refuses the whole file.
  test('has the build for every platform', () => {
    const builds = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
      Object.keys(optionalDependencies),
    );
    expect(builds.length).toBeGreaterThan(40);
    expect(builds).toContain('@oxc-parser/binding-darwin-arm64');
    const paths = Object.keys(packages);
    expect(builds.filter((name) => !paths.some((path) => path.endsWith(`node_modules/${name}`)))).toEqual([]);
  });

  test('installs these builds only where they run', () => {
    const builds = Object.entries(packages).filter(([path]) => path.startsWith('node_modules/@oxc-parser/binding-'));
    expect(builds.filter(([, { optional, os }]) => !optional || os?.length !== 1)).toEqual([]);
    expect(packages['node_modules/@oxc-parser/binding-win32-x64-msvc'].os).toEqual(['win32']);
  });
});

describe('package.json', () => {
  const manifest = JSON.parse(read('package.json'));
  const targets = (value: unknown): string[] =>
    typeof value === 'string' ? [value] : Object.values(value as object).flatMap(targets);

  test('exports and runs only files that the build makes', () => {
    const files = [...targets(manifest.exports), ...targets(manifest.bin)];
    expect(files.length).toBeGreaterThan(7);
    expect(files.filter((file) => !existsSync(join(repository, file)))).toEqual([]);
  });

  test('has the parser as its only dependency', () => {
    expect(Object.keys(manifest.dependencies)).toEqual(['oxc-parser']);
  });
});
