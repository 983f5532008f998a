// Compiles Apple's published schema of profiles and declarations (github.com/apple/device-management, MIT licence)
// into src/apple-schema/*.data.ts: names, types and platforms only, none of its prose.
//   node tools/generate-apple-schema.mjs <checkout>[,<folder of newer declarations>]
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const [checkout, newerDeclarations] = (process.argv[2] ?? '').split(',');
if (!checkout)
  throw new Error('usage: generate-apple-schema.mjs <checkout>[,<folder of newer declarations>]');
const target = join(import.meta.dirname, '../src/apple-schema');

const PLATFORMS = { macOS: 'm', iOS: 'i', tvOS: 't', visionOS: 'v', watchOS: 'w' };
const TYPES = {
  '<string>': 's',
  '<integer>': 'i',
  '<real>': 'r',
  '<boolean>': 'b',
  '<date>': 't',
  '<data>': 'd',
  '<array>': 'a',
  '<dictionary>': 'o',
  '<any>': '*',
};

const read = (file) => parse(readFileSync(file, 'utf8'), { merge: true });
const yamlFiles = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith('.yaml'))
        .map((entry) => join(folder, entry.name))
    : [];

function platformsOf(supported) {
  return Object.entries(PLATFORMS)
    .filter(([name]) => supported?.[name] !== undefined && supported[name].introduced !== 'n/a')
    .map(([, letter]) => letter)
    .join('');
}

/** Key to its type; `!` where the key must be there. */
function keysOf(keys) {
  return new Map(
    (keys ?? []).map(({ key, type, presence }) => {
      const letter = TYPES[type];
      if (letter === undefined || /[:,`\\]/.test(key)) throw new Error(`cannot write the key ${key} ${type}`);
      return [key, `${letter}${presence === 'required' ? '!' : ''}`];
    }),
  );
}

/** What several files say of one type: a key that has two types may have any. */
function merge(into, { platforms, keys }) {
  if (into === undefined) return { platforms, keys };
  for (const [key, type] of keys) {
    const known = into.keys.get(key);
    if (known !== undefined && known[0] !== type[0]) into.keys.set(key, '*');
    else if (known === undefined) into.keys.set(key, type[0]);
  }
  // Required in one of the files is not required in all.
  for (const [key, type] of into.keys) if (!keys.has(key)) into.keys.set(key, type[0]);
  return { platforms: [...new Set(into.platforms + platforms)].join(''), keys: into.keys };
}

function collect(files, typeName, skip = () => false) {
  const types = new Map();
  for (const file of files) {
    const { payload, payloadkeys } = read(file);
    const type = payload?.[typeName];
    if (type === undefined || skip(type)) continue;
    const entry = { platforms: platformsOf(payload.supportedOS), keys: keysOf(payloadkeys) };
    types.set(type, merge(types.get(type), entry));
  }
  return types;
}

function write(file, name, what, types) {
  const lines = [...types]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([type, { platforms, keys }]) =>
      [type, platforms, [...keys].map(([key, letter]) => `${key}:${letter}`).join(',')].join('|'),
    );
  writeFileSync(
    join(target, file),
    `/**
 * ${what}, one a line: type, platforms, top-level keys with their types.
 * Made by tools/generate-apple-schema.mjs of facts in Apple's schema, github.com/apple/device-management, which is
 * copyright Apple Inc. and under the MIT licence; see LICENSE-apple-device-management.txt. Do not edit.
 */
export const ${name} = \`
${lines.join('\n')}
\`;
`,
  );
}

const declarations = (folder) =>
  ['configurations', 'assets', 'assets/credentials'].flatMap((kind) => yamlFiles(join(folder, kind)));
const common = collect([join(checkout, 'mdm/profiles/CommonPayloadKeys.yaml')], 'payloadtype');
const profiles = collect(
  yamlFiles(join(checkout, 'mdm/profiles')),
  'payloadtype',
  (type) => common.has(type) || type === 'TopLevel',
);
const older = collect(declarations(join(checkout, 'declarative/declarations')), 'declarationtype');
const newer = newerDeclarations ? collect(declarations(newerDeclarations), 'declarationtype') : new Map();
write('profile-payloads.data.ts', 'profilePayloads', 'Payload types of profiles', profiles);
write(
  'declarations.data.ts',
  'declarationTypes',
  'Types of configurations and assets',
  new Map([...older, ...newer]),
);
process.stdout.write(
  `${profiles.size} payload types, ${new Set([...older.keys(), ...newer.keys()]).size} declaration types\n`,
);
