import { availableParallelism } from 'node:os';

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
  // Jest leaves one core free, and of two one would idle: specs wait for processes of their own half of their time.
  maxWorkers: Math.max(2, availableParallelism() - 1),
};
