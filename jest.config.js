import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const swc = {
  swcrc: false,
  sourceMaps: 'inline',
  module: { type: 'commonjs' },
  jsc: {
    target: 'es2023',
    keepClassNames: true,
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  },
};

const base = {
  id: 'toolcrib', // one cache of transformed files for all projects
  roots: ['<rootDir>/src', '<rootDir>/migrations', '<rootDir>/test', '<rootDir>/console/src'],
  testEnvironment: 'node',
  transform: { '^.+\\.m?[tj]s$': ['@swc/jest', swc] },
  // These are ESM-only; jest runs the tests as CommonJS.
  transformIgnorePatterns: ['/node_modules/(?!(@nestjs|uuid|openid-client|oauth4webapi|jose)/)'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1', '$1.js'] },
};
const withDatabase = {
  ...base,
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
};

/** A folder of `test/` with e2e specs is a project of its name: `npm run test:e2e -- --selectProjects groups`. */
const folders = readdirSync(new URL('test/', import.meta.url), { recursive: true })
  .filter((file) => file.endsWith('.e2e-spec.ts'))
  .map((file) => file.split(/[\\/]/)[0]);
const e2e = [...new Set(folders)].toSorted().map((folder) => ({
  ...withDatabase,
  displayName: folder,
  testMatch: [`<rootDir>/test/${folder}/**/*.e2e-spec.ts`],
}));

export default {
  reporters: ['default', '<rootDir>/test/support/summary-reporter.mjs'],
  testSequencer: '<rootDir>/test/support/slowest-first.mjs',
  // A hang, not slowness: no test is about how fast this machine is.
  testTimeout: 300_000,
  // One more than there are cores: a third of the time a spec waits, for PostgreSQL or for a server that it started.
  maxWorkers: availableParallelism() + 1,
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: [
        '<rootDir>/src/**/*.spec.ts',
        '<rootDir>/console/src/**/*.spec.ts',
        '<rootDir>/test/house/**/*.spec.ts',
      ],
    },
    ...e2e,
    { ...withDatabase, displayName: 'conformance', testMatch: ['<rootDir>/test/**/*.conformance-spec.ts'] },
  ],
};
