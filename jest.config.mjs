/** Specs run as compiled ESM under light-runner: it does not re-evaluate the module graph per file. */
export default {
  runner: 'jest-light-runner',
  testEnvironment: 'node',
  testMatch: ['<rootDir>/{apps,libs}/**/dist/**/*.spec.js'],
  testPathIgnorePatterns: ['/node_modules/'],
  modulePathIgnorePatterns: ['<rootDir>/.tools/', '<rootDir>/.espalier/'],
  setupFiles: ['reflect-metadata'],
  transform: {},
  testTimeout: 30_000,
};
