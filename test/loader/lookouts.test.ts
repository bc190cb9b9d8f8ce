import { createGuards } from '../../src/agent/guards.js';
import { createLookouts } from '../../src/agent/lookouts.js';

function isSeenIn(source: string): boolean {
  const { lookouts, whenImported } = createLookouts(createGuards());
  whenImported('http', () => undefined);
  return lookouts[0].isIn(source);
}

test.each([
  `import http from 'http';`,
  `import{get}from"node:http"`,
  `import 'http'`,
  `const { get } = require( 'node:http' );`,
  `const http = __require("http")`,
  'await import(`http`)',
  `process.getBuiltinModule('http/promises')`,
  `// http and 'http'\nrequire('http')`,
])('a lookout for http sees it imported in %j', (source) => {
  expect(isSeenIn(source)).toBe(true);
});

test.each([
  '',
  'http',
  `['fs', 'http', 'https']`,
  `require('https')`,
  `require('./http')`,
  `require('http/other')`,
  `require('http`,
  `open("http://example.com")`,
])('a lookout for http does not in %j', (source) => {
  expect(isSeenIn(source)).toBe(false);
});
