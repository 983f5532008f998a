/**
 * Runs the import rules of .dependency-cruiser.mjs over the sources; first over deliberate violations
 * (import-rules.cases.mjs), each of which must be found by exactly the rule that it names.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import config from '../../.dependency-cruiser.mjs';
import { root } from '../setup/paths.mjs';
import { cases, sound } from './import-rules.cases.mjs';
import { readProjects } from './projects.mjs';

/** @typedef {{ rule: string, from: string, to: string }} Violation */

/**
 * @param {string} baseDir
 * @returns {Promise<{ violations: Violation[], files: number }>}
 */
async function findViolations(baseDir) {
  const projects = readProjects(baseDir);
  // By package name to its sources, so that rules see types too and nothing need be built.
  const alias = projects.flatMap(({ name, folder, doors }) =>
    doors.map((door) => ({
      name: join(name, door.subpath),
      alias: join(baseDir, folder, door.source),
      onlyModule: true,
    })),
  );
  const { output } = await cruise(
    projects.map(({ folder }) => `${folder}/src`),
    { ...config.options, baseDir, validate: true, ruleSet: { forbidden: config.forbidden } },
    { alias, extensionAlias: { '.js': ['.ts', '.js'] }, bustTheCache: true },
  );
  if (typeof output === 'string')
    throw new TypeError('dependency-cruiser gave a report instead of its result');
  const found = output.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
  const files = output.modules.filter(({ source }) => /^(apps|libs)\//.test(source)).length;
  return { violations: [...found, ...undeclaredProjects(projects, output.modules)], files };
}

/**
 * An import of another project that package.json does not declare: it would compile or not, depending on what
 * happens to be built.
 * @param {import('./projects.mjs').Project[]} projects
 * @param {import('dependency-cruiser').IModule[]} modules
 * @returns {Violation[]}
 */
function undeclaredProjects(projects, modules) {
  const names = new Set(projects.map(({ name }) => name));
  return modules.flatMap(({ source, dependencies }) => {
    const owner = projects.find(({ folder }) => source.startsWith(`${folder}/`));
    if (owner === undefined) return [];
    const declared = /\.(spec|fixture)\.ts$|\/src\/spec\//.test(source)
      ? owner.allDependencies
      : owner.dependencies;
    return dependencies
      .map(({ module }) => module.split('/').slice(0, 2).join('/'))
      .filter((name) => names.has(name) && !declared.has(name))
      .map((name) => ({ rule: 'undeclared-project', from: source, to: name }));
  });
}

/** @returns {Promise<string[]>} what the rules missed or invented */
async function testRules() {
  const baseDir = realpathSync(mkdtempSync(join(tmpdir(), 'import-rules-')));
  try {
    for (const [path, text] of Object.entries({
      ...sound,
      ...Object.assign({}, ...cases.map(({ files }) => files)),
    })) {
      mkdirSync(dirname(join(baseDir, path)), { recursive: true });
      writeFileSync(join(baseDir, path), text);
    }
    const { violations } = await findViolations(baseDir);
    const missed = cases.flatMap(({ rule, files }) =>
      Object.keys(files)
        .slice(0, 1)
        .filter((file) => !violations.some((violation) => violation.rule === rule && violation.from === file))
        .map((file) => `${rule} does not catch ${file}: ${files[file]}`),
    );
    const invented = violations
      .filter(({ from }) => from in sound)
      .map(({ rule, from, to }) => `${rule} forbids ${from} → ${to}, which is allowed`);
    const untested = [...config.forbidden.map(({ name }) => name ?? ''), 'undeclared-project']
      .filter((name) => !cases.some(({ rule }) => rule === name))
      .map((name) => `${name} has no case in import-rules.cases.mjs`);
    return [...missed, ...invented, ...untested];
  } finally {
    rmSync(baseDir, { recursive: true, force: true });
  }
}

const comments = new Map(config.forbidden.map(({ name, comment }) => [name, comment]));
const faults = await testRules();
const { violations, files } = await findViolations(root);
for (const fault of faults) console.error(`rule at fault: ${fault}`);
for (const { rule, from, to } of violations)
  console.error(`${rule}: ${from} → ${to}\n    ${comments.get(rule) ?? ''}`);
console.log(
  `${cases.length} violations caught, ${files} files cruised, ${violations.length} violations found`,
);
process.exitCode = faults.length + violations.length > 0 ? 1 : 0;
