import { inRoot } from '../setup/paths.mjs';
import { capture } from '../setup/processes.mjs';

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {() => Promise<import('../setup/processes.mjs').Outcome>} run
 */

const bin = (/** @type {string[]} */ ...path) => inRoot('node_modules', ...path);

/**
 * @param {string} name
 * @param {string} script
 * @param {string[]} args
 * @returns {Check}
 */
const check = (name, script, ...args) => ({ name, run: () => capture(process.execPath, [script, ...args]) });

/** What holds for the sources without running them, the slowest first. @type {Check[]} */
export const staticChecks = [
  // prettier-ignore
  check('formatting', bin('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level=warn', '--cache',
    '--cache-location', inRoot('.tools', 'prettier-cache'), '.'),
  check('lint', bin('oxlint', 'bin', 'oxlint'), '--type-aware', '--deny-warnings'),
  check('project references', inRoot('tools', 'sync-references.mjs'), '--check'),
  check('lockfile', inRoot('tools', 'complete-lockfile.mjs'), '--check'),
  check('types of tools', bin('typescript', 'bin', 'tsc'), '--project', inRoot('tools')),
  check('generated docs', inRoot('tools', 'docs', 'generate.mjs'), '--check'),
  check('house rules', inRoot('tools', 'checks', 'house-rules.mjs')),
  check('lint rules', inRoot('tools', 'checks', 'lint-rules.mjs')),
  check('import rules', inRoot('tools', 'checks', 'import-rules.mjs')),
];
