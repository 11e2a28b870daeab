/** The browser's tests: the same Jest, other files. */
import base from './jest.config.mjs';

export default {
  ...base,
  testMatch: ['**/*.console.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 120_000,
};
