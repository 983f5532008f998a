/**
 * Writes the generated parts of docs/: every setting of every service (from the configuration schemas) and every
 * error code (from the error tables). `--check` fails where a file would change.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';

const check = process.argv.includes('--check');
const root = join(import.meta.dirname, '..', '..');
const load = (/** @type {string} */ file) => import(pathToFileURL(join(root, file)).href);
const { describeSettings, withBaseSettings } = await load('libs/platform/service-kit/dist/index.js');

/** @param {string} text as a cell of a Markdown table */
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;');

async function settings() {
  const parts = [
    '# Settings',
    '',
    'Generated from the configuration schemas by `npm run docs`. Every service also prints its own with `--help`.',
    'A secret can be given as a file named by `<VARIABLE>_FILE`; secret values never appear in logs. A service with a',
    'wrong configuration names every bad variable at once and ends with exit code 78.',
  ];
  for (const file of globSync('apps/*/dist/*.config.js', { cwd: root }).sort()) {
    const definition = Object.values(await load(file)).find((value) => value?.settings !== undefined);
    if (definition === undefined) continue;
    parts.push(
      '',
      `## ${basename(dirname(dirname(file)))}`,
      '',
      '| variable | default | what it means |',
      '|---|---|---|',
    );
    for (const row of describeSettings(withBaseSettings(definition))) {
      const fallback = row.env === 'ESPALIER_REPLICA' ? 'host name' : row.defaultText;
      const shown = fallback === undefined ? '**required**' : `\`${fallback}\``;
      parts.push(
        `| \`${row.env}\`${row.secret ? ' (secret)' : ''} | ${cell(shown)} | ${cell(row.description)} |`,
      );
    }
  }
  return parts.join('\n');
}

async function errors() {
  const rows = new Map();
  const files = globSync('{apps,libs}/**/dist/**/*.js', {
    cwd: root,
    exclude: (name) => name === 'node_modules',
  });
  for (const file of files.filter((name) => !name.includes('.spec.')).sort()) {
    if (!readFileSync(join(root, file), 'utf8').includes('defineErrors({')) continue;
    for (const value of Object.values(await load(file))) {
      const definitions = typeof value === 'function' ? undefined : value?.definitions;
      for (const [code, definition] of Object.entries(definitions ?? {}))
        if (code.startsWith('ESP_')) rows.set(code, definition);
    }
  }
  const table = [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([code, { status, title, mend = '' }]) =>
        `| \`${code}\` | ${status} | ${cell(title)} | ${cell(mend)} |`,
    );
  return [
    '# Error codes',
    '',
    'Generated from the error tables by `npm run docs`. Codes are stable: scripts may rely on them. Every error of an',
    'HTTP door is `application/problem+json` with `code`, `status`, `title` and, where there is more to say, `detail`,',
    '`fields`, `mend` and `errorId` (which finds the cause in the logs).',
    '',
    '| code | status | what is wrong | what to do |',
    '|---|---|---|---|',
    ...table,
  ].join('\n');
}

let stale = 0;
for (const [file, text] of Object.entries({
  'docs/settings.md': await settings(),
  'docs/errors.md': await errors(),
})) {
  const path = join(root, file);
  const formatted = await format(`${text}\n`, { ...(await resolveConfig(path)), filepath: path });
  const current = (() => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  })();
  if (formatted === current) continue;
  stale += 1;
  if (check) console.error(`${file} is not up to date: run npm run docs`);
  else writeFileSync(path, formatted);
}
if (check && stale > 0) process.exit(1);
