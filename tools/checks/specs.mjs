import { readFileSync, rmSync } from 'node:fs';
import { inRoot, toolsHome } from '../setup/paths.mjs';
import { passThrough } from '../setup/processes.mjs';
import { join } from 'node:path';

/** A hanging spec must not hold a build machine for ever. */
const LIMIT_SECONDS = 30 * 60;

/**
 * @typedef {object} SpecOutcome
 * @property {number} passed
 * @property {number} failed a spec file that could not be loaded counts as one
 * @property {number} skipped
 * @property {string} [problem] what went wrong beyond failed tests
 */

/**
 * Runs the specs on this terminal.
 * @param {string[]} filters passed on to Jest
 * @returns {Promise<SpecOutcome>}
 */
export async function runSpecs(filters) {
  const results = join(toolsHome, 'jest-results.json');
  rmSync(results, { force: true });
  const jest = inRoot('node_modules', 'jest', 'bin', 'jest.js');
  const args = [
    '--enable-source-maps',
    jest,
    '--config',
    inRoot('jest.config.mjs'),
    '--json',
    '--outputFile',
    results,
    ...filters,
  ];
  const code = await passThrough(process.execPath, args, { timeoutSeconds: LIMIT_SECONDS });
  return readResults(results, code);
}

/**
 * @param {string} file
 * @param {number} code Jest's exit code
 * @returns {SpecOutcome}
 */
function readResults(file, code) {
  let results;
  try {
    results = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0, problem: `Jest ended with ${code} and left no results` };
  }
  const passed = results.numPassedTests;
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  const skipped = results.numPendingTests + results.numTodoTests;
  if (passed + failed === 0) return { passed, failed: 1, skipped, problem: 'no test was run' };
  if (code !== 0 && failed === 0) return { passed, failed: 1, skipped, problem: `Jest ended with ${code}` };
  return { passed, failed, skipped };
}
