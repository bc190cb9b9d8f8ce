import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseSync, Visitor } from 'oxc-parser';
import { BodyCollector } from '../../hooks/lib/body-collector.js';
import { redactMultipart } from '../../hooks/lib/redact-text.js';
import { createEncoder } from '../../src/recorder/encoder.js';
import { createPreviewer } from '../../src/recorder/preview.js';
import { redactForm, redactText, secretKeys } from '../../src/recorder/redact.js';
import { bodyJson } from '../helpers/body-json.js';
import { repository } from '../helpers/run.js';

// Whatever a request or an argument holds, the time to look through it grows as its length does. Each text below is a
// piece that one of the patterns or scanners may begin at again and again.
const pieces = [
  ...[
    '\\',
    '"',
    "'",
    '`',
    '{',
    '[',
    '}',
    ']',
    ':',
    '=',
    ';',
    '&',
    '?',
    '#',
    '@',
    '/',
    '.',
    ',',
    ' ',
    '\n',
    '\t',
    '%',
    '<',
    '>',
    '</',
    '<password>',
    '</password>',
    ']]></password>',
  ],
  ...[
    'a',
    '1',
    '_',
    '-',
    'é',
    '\\"',
    '\\\\"',
    '{"',
    '["',
    '":',
    '":"',
    '{"a":',
    '[[',
    '{\\"',
    '[\\"',
    '"a","',
    '://',
    'a://b:',
  ],
  ...[
    '://a@',
    'a:b@',
    '=a',
    'a=',
    'password=',
    'password:',
    'password: ',
    '&password',
    'token":"',
    '; a=b',
    'a=b;',
    'eyJ',
  ],
  ...['eyJ.', 'eyJa.eyJ', 'ghp_', 'sk-', 'AKIA', '-----BEGIN ', '-----BEGIN A-----', '-----END ', 'Bearer ', 'Basic a'],
  ...[
    'Authorization: ',
    'Cookie: a',
    'cookie:\r\n ',
    '\r\n',
    '--xyz\r\n',
    'name="',
    "name*=''",
    '%40',
    '%22',
    '=%3D',
    'a%3A',
  ],
  ...[
    'password="',
    "password='",
    'Password=a;',
    '\\u0070',
    '"password":"',
    '"password":{',
    '"password":[',
    '"name":"password",',
  ],
];
const SIZE = 24 * 1024;
const isSecret = secretKeys(null);
const body = (bytes: Buffer, type: string, encoding?: string): string => {
  const collector = new BodyCollector(1 << 20);
  collector.add(bytes);
  collector.complete = true;
  return bodyJson(collector, { type, encoding }, 65_536, isSecret);
};
const limits = { maxString: 4 * 1024 * 1024, maxItems: 64, maxDepth: 4 };

const users: Record<string, (text: string) => unknown> = {
  text: (text) => redactText(text, isSecret),
  'text after a key': (text) => redactText(`{"password":1234,"s":"${text}`, isSecret),
  'text in JSON': (text) => redactText(JSON.stringify({ a: [text], b: JSON.stringify({ text }) }), isSecret),
  'a form': (text) => redactForm(`a=${text}`, isSecret),
  multipart: (text) =>
    redactMultipart(`--xyz\r\nContent-Disposition: form-data; ${text}\r\n\r\n${text}\r\n--xyz--`, isSecret),
  'a preview': (text) => {
    const previewer = createPreviewer(limits, isSecret);
    previewer.value([text, { [text]: 1 }, new Map([[text, text]])]);
    previewer.error(new Error(text)).toJson();
    previewer.short(
      text,
      createEncoder(() => undefined),
    );
  },
  'a body of JSON': (text) => body(Buffer.from(JSON.stringify({ password: 1234, text })), 'application/json'),
  'a body of text': (text) => body(Buffer.from(text), 'text/plain'),
  'a body that was cut': (text) => body(Buffer.from(`{"password":1234,"s":"${text}`), 'application/json'),
};

/** Milliseconds of processor time. */
function time(use: () => unknown): number {
  const start = process.cpuUsage();
  use();
  return process.cpuUsage(start).user / 1000;
}

/** Other work on the machine only adds. */
const least = (use: () => unknown): number => Math.min(time(use), time(use), time(use));

/** Quick, or at least no more than about twice as long for twice of it: quadratic work takes four times as long. */
function isLinear(use: (share: number) => unknown, quick: number): boolean {
  const whole = (): unknown => use(1);
  if (time(whole) < quick || time(whole) < quick) return true;
  return least(whole) < 3 * least(() => use(0.5));
}

describe.each(Object.entries(users))('%s', (_, use) => {
  test.each(pieces.map((piece) => [piece]))('of many %j takes time as its length', (piece) => {
    const text = piece.repeat(Math.ceil(SIZE / piece.length));
    // Quadratic work is hundreds of milliseconds here; all of them take under 20.
    use(text.slice(0, 1000));
    expect(isLinear((share) => use(text.slice(0, share * text.length)), 75)).toBe(true);
  });
});

test('123 bytes of gzip do not stop the server', () => {
  const zipped = (share: number): Buffer => gzipSync(`{"password":1234,"s":"${'\\'.repeat(65_000 * share)}`);
  expect(zipped(1).length).toBeLessThan(200);
  const bodies = new Map([0.5, 1].map((share) => [share, zipped(share)]));
  expect(isLinear((share) => body(bodies.get(share)!, 'application/json', 'gzip'), 75)).toBe(true);
});

interface Pattern {
  file: string;
  line: number;
  source: string;
  flags: string;
}

/** Every regular expression in the code that runs inside of programs, or reads what they have written. */
function patternsIn(folder: string): Pattern[] {
  const files = readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  return files.flatMap((name) => {
    const file = `${folder}/${name.replaceAll('\\', '/')}`;
    const source = readFileSync(join(repository, file), 'utf8');
    const found: Pattern[] = [];
    const visitor = new Visitor({
      Literal(node) {
        if (!('regex' in node)) return;
        const { pattern, flags } = node.regex;
        found.push({ file, line: source.slice(0, node.start).split('\n').length, source: pattern, flags });
      },
    });
    visitor.visit(parseSync(file, source).program);
    return found;
  });
}

const patterns = ['src', 'hooks'].flatMap(patternsIn).filter(({ source }) => /[*+]|\{\d+,\}/.test(source));

/** What a pattern may begin with, or go on with: its own characters, and those that stand for its classes. */
function attacksOn({ source }: Pattern): string[] {
  const own = source
    .replace(/\\[sS]/g, ' ')
    .replace(/\\n/g, '\n')
    .replace(/\\r/g, '\r')
    .replace(/\\[dD]/g, '1')
    .replace(/\\[wWbB]/g, 'a')
    .replace(/\\(.)/g, '$1')
    .split(/[()[\]|*+?^$]+/)
    .filter((part) => part !== '' && part.length < 20);
  const single = [...'a1_-. \n\t:/=;"\'\\<>()[]{},#@%$&?!|~`^*+', 'é'];
  return [
    ...new Set([
      ...own,
      ...own.map((part) => `${part} `),
      ...single,
      ...single.map((each) => `${each}\n`),
      'a ',
      ' a',
      '/a',
      'a.',
      '//',
      '1:',
      '.js',
    ]),
  ];
}

test('there are regular expressions to be tried', () => {
  expect(patterns.length).toBeGreaterThan(50);
});

test.each(patterns.map((pattern) => [`${pattern.file}:${pattern.line}`, pattern] as const))(
  'the regular expression at %s takes no time to speak of on long texts',
  (_, pattern) => {
    const regExp = new RegExp(pattern.source, pattern.flags);
    const slow = attacksOn(pattern).flatMap((attack) => {
      const run = attack.repeat(Math.ceil(20_000 / attack.length));
      return [run, `${run}\0`, `\0${run}`].filter(
        (text) => !isLinear((share) => text.slice(0, share * text.length).replace(regExp, ''), 60),
      );
    });
    expect(slow.map((text) => text.slice(0, 12))).toEqual([]);
  },
);
