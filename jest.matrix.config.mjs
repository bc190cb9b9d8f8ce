import base from './jest.config.mjs';

export default {
  ...base,
  testMatch: ['<rootDir>/test/matrix/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};
