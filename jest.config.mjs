const transformer = [
  '@swc/jest',
  { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' }, sourceMaps: 'inline' },
];

export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // Real projects with their tools: `npm run test:matrix`.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/matrix/'],
  globalSetup: '<rootDir>/test/helpers/global-setup.mjs',
  // The agent sets this when it is bundled; see scripts/build.mjs.
  globals: { HANDIT_VERSION: '0.0.0-test', HANDIT_BUILD: 'test' },
  transform: { '\\.m?[jt]s$': transformer },
  // oxc-parser is published as ES modules only.
  transformIgnorePatterns: ['/node_modules/(?!oxc-parser/)', '/dist/'],
  // Sources import './x.js' as Node wants it; the file is x.ts.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/fixtures/'],
  testTimeout: 60_000,
  maxWorkers: 2,
};
