import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../src/config.js';
import { repository } from './helpers/run.js';

const cwd = '/home/ada/project';

function read(env: Record<string, string>) {
  const said: string[] = [];
  const config = readConfig(env, cwd, 4711, (message) => said.push(message));
  return { config, said };
}

test('readConfig() answers the documented defaults for an empty environment', () => {
  expect(read({})).toEqual({
    said: [],
    config: {
      enabled: true,
      outputFile: `${cwd}/handit_events.jsonl`,
      defaultOutputFile: true,
      cwd,
      include: null,
      exclude: null,
      sampleRate: 1,
      captureOnlyCwd: true,
      captureWorkspace: true,
      preserveSymlinks: false,
      maxString: 256,
      maxItems: 64,
      maxDepth: 4,
      maxBody: 16_384,
      maxCalls: 10_000,
      maxFileBytes: 256 * 1024 * 1024,
      keep: null,
      keepNewest: false,
      redact: null,
      propagate: false,
      cacheDir: `${cwd}/node_modules/.cache/handit`,
      defaultCacheDir: true,
      debug: false,
    },
  });
});

test('readConfig() takes an empty variable for one that is not set', () => {
  const names =
    'OUTPUT_FILE INCLUDE EXCLUDE SAMPLE_RATE CAPTURE_ONLY_CWD MAX_STR MAX_LOCALS MAX_DEPTH MAX_CALLS MAX_FILE_MB KEEP REDACT ENABLED CACHE_DIR DEBUG';
  const env = Object.fromEntries(names.split(' ').map((name) => [`HANDIT_${name}`, '']));
  expect(read(env)).toEqual(read({}));
});

describe.each([
  ['HANDIT_ENABLED', 'enabled', true],
  ['HANDIT_CAPTURE_ONLY_CWD', 'captureOnlyCwd', true],
  ['HANDIT_DEBUG', 'debug', false],
] as const)('%s', (name, field, fallback) => {
  test.each(['1', 'true', 'on', 'yes', 'TRUE', 'Yes'])('takes %j for true', (text) => {
    expect(read({ [name]: text })).toMatchObject({ said: [], config: { [field]: true } });
  });

  test.each(['0', 'false', 'off', 'no', 'FALSE', 'Off'])('takes %j for false', (text) => {
    expect(read({ [name]: text })).toMatchObject({ said: [], config: { [field]: false } });
  });

  test.each(['2', 'enabled', ' ', 'true\n'])('refuses %j', (text) => {
    const { config, said } = read({ [name]: text });
    expect(config[field]).toBe(fallback);
    expect(said).toEqual([
      `${name}=${JSON.stringify(text)} is not one of 1, true, on, yes, 0, false, off, no; using ${fallback}`,
    ]);
  });
});

describe.each([
  ['HANDIT_MAX_STR', 'maxString', '256', 256],
  ['HANDIT_MAX_LOCALS', 'maxItems', '64', 64],
  ['HANDIT_MAX_DEPTH', 'maxDepth', '4', 4],
  ['HANDIT_MAX_CALLS', 'maxCalls', '10000', 10_000],
  ['HANDIT_MAX_FILE_MB', 'maxFileBytes', '256', 256 * 1024 * 1024],
] as const)('%s', (name, field, shown, fallback) => {
  const unit = field === 'maxFileBytes' ? 1024 * 1024 : 1;

  test.each(['1', '7', '007', '1000000'])('takes %j', (text) => {
    expect(read({ [name]: text })).toMatchObject({ said: [], config: { [field]: Number(text) * unit } });
  });

  test.each(['-1', '1.5', '1e3', 'many', '5 ', '0x10', 'Infinity', '1'.repeat(16)])('refuses %j', (text) => {
    const { config, said } = read({ [name]: text });
    expect(config[field]).toBe(fallback);
    expect(said).toEqual([`${name}="${text}" is not a whole number of at least 0; using ${shown}`]);
  });

  test('takes 0 as it is meant', () => {
    const unlimited = field === 'maxCalls' || field === 'maxFileBytes';
    expect(read({ [name]: '0' })).toMatchObject({ said: [], config: { [field]: unlimited ? Infinity : 0 } });
  });
});

describe('HANDIT_SAMPLE_RATE', () => {
  test.each([
    ['0', 0],
    ['1', 1],
    ['0.25', 0.25],
    ['1e-3', 0.001],
  ])('takes %j', (text, sampleRate) => {
    expect(read({ HANDIT_SAMPLE_RATE: text })).toMatchObject({ said: [], config: { sampleRate } });
  });

  test.each(['1.1', '-0.1', 'half', '50%', ' ', 'NaN', 'Infinity'])('refuses %j', (text) => {
    const { config, said } = read({ HANDIT_SAMPLE_RATE: text });
    expect(config.sampleRate).toBe(1);
    expect(said).toEqual([`HANDIT_SAMPLE_RATE="${text}" is not a number from 0 to 1; using 1`]);
  });
});

describe.each([
  ['HANDIT_INCLUDE', 'include', ''],
  ['HANDIT_EXCLUDE', 'exclude', ''],
  ['HANDIT_REDACT', 'redact', 'i'],
] as const)('%s', (name, field, flags) => {
  test('takes a regular expression', () => {
    expect(read({ [name]: '^src/.*::load$' })).toMatchObject({
      said: [],
      config: { [field]: new RegExp('^src/.*::load$', flags) },
    });
  });

  test('refuses what is none, with the reason', () => {
    const { config, said } = read({ [name]: '(a' });
    expect(config[field]).toBe(null);
    expect(said).toEqual([
      `${name}="(a" is not a regular expression (Invalid regular expression: /(a/${flags}: Unterminated group); using none`,
    ]);
  });
});

describe('HANDIT_OUTPUT_FILE', () => {
  const outputFile = (text: string) => read({ HANDIT_OUTPUT_FILE: text }).config.outputFile;

  test('is relative to the folder the program starts in', () => {
    expect(outputFile('out/trace.jsonl')).toBe(join(cwd, 'out/trace.jsonl'));
    expect(outputFile('../trace.jsonl')).toBe('/home/ada/trace.jsonl');
    expect(outputFile('/var/trace.jsonl')).toBe('/var/trace.jsonl');
  });

  test('has the pid for %p and the start time in milliseconds for %t, each time they stand there', () => {
    const before = Date.now();
    const [, pid, time, again] = /^\/t\/(\d+)-(\d+)-(\d+)$/.exec(outputFile('/t/%p-%t-%p'))!;
    expect([pid, again]).toEqual(['4711', '4711']);
    expect(Number(time)).toBeGreaterThanOrEqual(before);
    expect(Number(time)).toBeLessThanOrEqual(Date.now());
  });

  test('leaves a % in the name of the folder alone', () => {
    const config = readConfig({}, '/home/%p', 1, () => undefined);
    expect(config.outputFile).toBe('/home/%p/handit_events.jsonl');
  });
});

test.each([
  ['off', null],
  ['0', null],
  ['no', null],
  ['cache', `${cwd}/cache`],
  ['/var/cache', '/var/cache'],
])('HANDIT_CACHE_DIR=%s means %s', (text, cacheDir) => {
  expect(read({ HANDIT_CACHE_DIR: text }).config).toMatchObject({ cacheDir, defaultCacheDir: false });
});

test('HANDIT_ENABLED=false keeps quiet about variables that are wrong', () => {
  expect(read({ HANDIT_MAX_STR: 'x', HANDIT_ENABLED: 'off', HANDIT_INCLUDE: '(' }).said).toEqual([]);
});

test('docs/configuration.md has a row for each variable, and none for others', () => {
  const read = (path: string) => readFileSync(join(repository, path), 'utf8');
  const names = (text: string) => [...new Set(text.match(/\bHANDIT_[A-Z_]+\b/g))].sort();
  const rows = read('docs/configuration.md')
    .split('\n')
    .filter((line) => line.startsWith('| `HANDIT_'));
  const documented = names(rows.map((row) => row.split('|')[1]).join());
  expect(documented).toEqual(names(read('src/config.ts')));
  expect(documented.length).toBeGreaterThan(14);
});
