import type { NewVariable, Variables } from '@espalier/contracts';
import type { Command } from 'commander';
import { findCollection, findDevice } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { CliError, usageError } from '../cli.error.js';
import { path } from '../connection/path.js';
import { exitCodes } from '../exit-codes.js';
import { readPair } from '../options.js';
import { readSecret } from '../terminal/prompt.js';
import { text, whole } from '../terminal/table.js';
import { subcommand, type About } from './define.js';

/** Whose variables. */
interface OwnerOptions {
  readonly device?: string;
  readonly collection?: string;
}

/** `espalier variables`. */
export function variables(command: Command, cli: Cli): void {
  const owned = (usage: string, help: About): Command =>
    subcommand(command, usage, help)
      .option('-d, --device <device>', 'those of a device')
      .option('-c, --collection <collection>', 'those of a collection');

  owned('list', {
    summary: 'list the variables of a device or collection',
    example: 'espalier variables list --collection "Lab Macs"',
  }).action(async (options: OwnerOptions) => show(cli, await read(cli, await pathOf(cli, options))));

  owned('set <name=value...>', {
    summary: 'set variables; others stay',
    description:
      'Set variables; others stay. With --masked the value is sealed and never shown again: write only its name, and it is asked for without echo, or read from standard input.',
    example: 'espalier variables set Room=7 Printer=lab-1 --device mac-042',
    examples: ['espalier variables set WifiPassword --masked --collection "Lab Macs" < password'],
  })
    .option('--masked', 'seal the value')
    .action(
      async (
        pairs: readonly string[],
        { masked, ...owner }: OwnerOptions & { readonly masked?: boolean },
      ) => {
        const given = masked === true ? [await readMasked(cli, pairs)] : pairs.map(readPlain);
        const at = await pathOf(cli, owner);
        const { variables: before, version } = await read(cli, at);
        const names = new Set(given.map(({ name }) => folded(name)));
        const kept = before.filter(({ name }) => !names.has(folded(name)));
        await replace(cli, at, [...kept.map(asGiven), ...given], version);
      },
    );

  owned('unset <name...>', {
    summary: 'delete variables',
    example: 'espalier variables unset Room --device mac-042',
  }).action(async (names: readonly string[], owner: OwnerOptions) => {
    const at = await pathOf(cli, owner);
    const { variables: before, version } = await read(cli, at);
    const unwanted = new Set(names.map(folded));
    const absent = names.find((name) => !before.some((one) => folded(one.name) === folded(name)));
    if (absent !== undefined)
      throw new CliError(
        `There is no variable ${absent}.`,
        exitCodes.notFound,
        'See what there is: espalier variables list',
      );
    const kept = before.filter(({ name }) => !unwanted.has(folded(name)));
    await replace(cli, at, kept.map(asGiven), version);
  });
}

/** Names are the same in any case, as in ConfigMgr. */
const folded = (name: string): string => name.toLowerCase();

async function pathOf({ api }: Cli, { device, collection }: OwnerOptions): Promise<string> {
  if (device !== undefined && collection === undefined)
    return path`/api/v1/devices/${(await findDevice(api, device)).resourceId}/variables`;
  if (collection !== undefined && device === undefined)
    return path`/api/v1/collections/${(await findCollection(api, collection)).id}/variables`;
  throw usageError('Say whose variables: --device or --collection.');
}

const read = ({ api }: Cli, at: string): Promise<Variables> => api.get(at);

async function replace(cli: Cli, at: string, wanted: readonly NewVariable[], version: number): Promise<void> {
  show(cli, await cli.api.change<Variables>('PUT', at, { variables: wanted }, version));
}

/** A variable that stays: the value of a masked one is not known, and the server keeps it. */
function asGiven({ name, value, isMasked }: Variables['variables'][number]): NewVariable {
  return { name, isMasked, ...(value !== null && { value }) };
}

function readPlain(pair: string): NewVariable {
  const [name, value] = readPair(pair);
  return { name, value, isMasked: false };
}

/** Not from the command line, which everybody on the machine can see. */
async function readMasked({ world }: Cli, [name = '', ...more]: readonly string[]): Promise<NewVariable> {
  if (more.length > 0 || name.includes('='))
    throw usageError(
      'With --masked name one variable, without its value.',
      'It is asked for without echo, or read from standard input: others can see command lines.',
    );
  return { name, value: await readSecret(world, `Value of ${name}: `), isMasked: true };
}

function show({ out }: Cli, shown: Variables): void {
  out.result(shown, () => {
    if (shown.variables.length === 0) out.note('There are no variables.');
    else
      out.table(shown.variables, [
        whole('NAME', ({ name }) => name),
        text('VALUE', ({ value, isMasked }) => (isMasked ? '(masked)' : value)),
      ]);
  });
}
