/** House rules that no linter has: each line of source is held against a few patterns. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/paths.mjs';

/** @type {[pattern: RegExp, why: string][]} */
const forbidden = [
  [/^\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?enum\s/, 'an enum: use a union of string literals'],
  [/\b(?:TODO|FIXME)\b/, 'unfinished work: finish it, or say in the documentation what does not hold'],
  [/^\s*(?:export\s+)?namespace\s/, 'a namespace: use a module'],
];

const faults = globSync('{apps,libs}/**/src/**/*.ts', { cwd: root, exclude: ['**/node_modules'] }).flatMap(
  (file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        forbidden.filter(([pattern]) => pattern.test(line)).map(([, why]) => `${file}:${index + 1}: ${why}`),
      ),
);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
