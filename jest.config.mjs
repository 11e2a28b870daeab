/** Jest on ECMAScript modules: sources are read as TypeScript, so no build is needed to run a test. */
export default {
  rootDir: '.',
  testEnvironment: 'node',
  // Named outright: by default jest would take deploy/local/test.mjs, which runs jest, for a test.
  testMatch: ['<rootDir>/**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.tocsin/'],
  testPathIgnorePatterns: ['/node_modules/', '\\.console\\.spec\\.ts$'],
  transform: {
    '^.+\\.tsx?$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', tsx: false, decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2022',
        },
        module: { type: 'es6' },
      },
    ],
  },
  globalSetup: '<rootDir>/test/harness/global-setup.mjs',
  globalTeardown: '<rootDir>/test/harness/global-teardown.mjs',
  testTimeout: 60_000,
};
