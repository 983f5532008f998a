/** Tries .oxlintrc.json on deliberate violations: no rule that we count on can silently stop working. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRoot } from '../setup/paths.mjs';
import { capture } from '../setup/processes.mjs';

/** @type {Record<string, [rule: string | undefined, source: string]>} by file name; without a rule: nothing is found */
const cases = {
  'any.ts': ['no-explicit-any', 'export const value = (input: any): string => String(input);'],
  'ignored-error.ts': ['ban-ts-comment', '// @ts-ignore\nexport const text: string = 1;'],
  'assertion.ts': ['no-non-null-assertion', 'export const first = (list: string[]): string => list[0]!;'],
  'default-export.ts': ['no-default-export', 'export default 1;'],
  'floating.ts': ['no-floating-promises', 'export function start(): void {\n  Promise.resolve(1);\n}'],
  'misused.ts': [
    'no-misused-promises',
    'export const run = (list: number[]) => list.forEach(async () => {});',
  ],
  'printing.ts': ['no-console', "console.log('text');"],
  'environment.ts': ['no-process-env', "export const port = process.env['PORT'];"],
  'late-type.ts': ['consistent-type-imports', "export type Path = import('node:path').PlatformPath;"],
  'value-import.ts': ['consistent-type-imports', "import { Stats } from 'node:fs';\nexport type S = Stats;"],
  'unused.ts': ['no-unused-vars', 'const unused = 1;'],
  'camelCase.ts': ['filename-case', 'export const one = 1;'],
  'focused.spec.ts': ['no-focused-tests', "it.only('runs alone', () => expect(1).toBe(1));"],
  'hollow.spec.ts': ['expect-expect', "it('cannot fail', () => {});"],
  'mdm.config.ts': [undefined, "export const port = process.env['PORT'];"],
  'main.ts': [undefined, "export const port = process.env['PORT'];"],
};

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lint-rules-')));
try {
  const compilerOptions = { target: 'es2024', module: 'nodenext', strict: true, types: [] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  for (const [file, [, source]] of Object.entries(cases)) writeFileSync(join(folder, file), `${source}\n`);
  const oxlint = inRoot('node_modules', 'oxlint', 'bin', 'oxlint');
  const options = ['--type-aware', '--config', inRoot('.oxlintrc.json'), '--format=json', folder];
  const { output } = await capture(process.execPath, [oxlint, ...options]);
  /** @type {{ filename: string, code: string }[]} */
  const diagnostics = JSON.parse(output.slice(output.indexOf('{'))).diagnostics;
  for (const [file, [rule]] of Object.entries(cases)) {
    const found = diagnostics.filter(({ filename }) => filename.endsWith(file)).map(({ code }) => code);
    if (rule !== undefined && !found.some((code) => code.includes(`(${rule})`)))
      fail(`${rule} does not catch ${file}`);
    if (rule === undefined && found.length > 0)
      fail(`${found.join(', ')} found in ${file}, which is allowed`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function fail(/** @type {string} */ fault) {
  console.error(`lint rule at fault: ${fault}`);
  process.exitCode = 1;
}
