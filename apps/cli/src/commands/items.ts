import { writeFile } from 'node:fs/promises';
import type { ConfigurationItem, ConfigurationItemRevision } from '@espalier/contracts';
import { Option, type Command } from 'commander';
import { readInput } from '../api/files.js';
import { showList } from '../api/list.js';
import { findThing, libraryPaths } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { usageError } from '../cli.error.js';
import { path } from '../connection/path.js';
import { addListOptions, wholeNumber, type ListOptions } from '../options.js';
import { minor, number, text, whole } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';
import { subcommand } from './define.js';
import { deleteConfirmed } from './deletion.js';

interface Detail {
  readonly item: ConfigurationItem;
  readonly latest: ConfigurationItemRevision;
}

interface ImportOptions {
  readonly name?: string;
  readonly scope?: string;
  readonly note?: string;
  readonly to?: string;
}

const PATH = libraryPaths['configuration-item'];
const PROFILE_TYPE = 'application/x-apple-aspen-config';

/** `espalier items`. */
export function items(command: Command, cli: Cli): void {
  const idOf = async (name: string): Promise<string> =>
    (await findThing(cli.api, name, ['configuration-item'])).thingId;
  const detail = async (name: string): Promise<Detail> =>
    cli.api.get(path`/api/v1/configuration-items/${await idOf(name)}`);

  addListOptions(
    subcommand(command, 'list', {
      summary: 'list configuration items',
      example: `espalier items list --filter "kind eq 'profile'"`,
    }),
    "kind eq 'profile'",
  ).action((options: ListOptions) =>
    showList<ConfigurationItem>(
      cli,
      {
        path: PATH,
        columns: [
          whole('ID', ({ id }) => id),
          text('NAME', ({ name }) => name),
          whole('KIND', ({ kind }) => kind),
          minor(text('IDENTIFIER', ({ identifier }) => identifier)),
          minor(whole('SCOPE', ({ scope }) => scope)),
          number('REVISION', ({ revision }) => revision),
          minor(whole('CHANGED', ({ changedAt }) => showTime(changedAt))),
        ],
        nothing: 'No configuration item fits.',
      },
      options,
    ),
  );

  subcommand(command, 'show <item>', {
    summary: 'see a configuration item',
    description: 'See a configuration item. It is named by its id or its exact name.',
    example: 'espalier items show "Login window"',
  }).action(async (name: string) => showItem(cli, await detail(name)));

  subcommand(command, 'import <file>', {
    summary: 'make a configuration item, or a new revision of one, of a .mobileconfig',
    description:
      'Make a configuration item of a .mobileconfig, plain or signed; "-" reads standard input. With --to: a new revision, which deployments that follow the newest one get by themselves.',
    example: 'espalier items import login-window.mobileconfig --name "Login window"',
    examples: ['espalier items import login-window.mobileconfig --to "Login window" --note "ticket 4711"'],
  })
    .option('--name <name>', 'default: the display name in the profile')
    .addOption(
      new Option('--scope <scope>', 'where the profile says nothing of it').choices(['system', 'user']),
    )
    .option('--note <text>', 'why there is this revision')
    .option('--to <item>', 'make a new revision of this item')
    .action((file: string, options: ImportOptions) => importProfile(cli, file, options, detail));

  subcommand(command, 'export <item>', {
    summary: 'get the content back, byte for byte',
    description:
      'Get the content back: a profile as it was imported, byte for byte; a declaration or script as JSON.',
    example: 'espalier items export "Login window" --output login-window.mobileconfig',
  })
    .option('--revision <number>', 'default: the newest', wholeNumber(1, 2_147_483_647))
    .option('--output <file>', 'default: standard output')
    .action(
      async (
        name: string,
        { revision, output }: { readonly revision?: number; readonly output?: string },
      ) => {
        const { item } = await detail(name);
        const at = path`/api/v1/configuration-items/${item.id}/revisions/${revision ?? item.revision}/content`;
        const { body } = await cli.api.send({ method: 'GET', path: at, headers: { accept: '*/*' } });
        if (output === undefined) cli.out.bytes(body);
        else {
          await writeFile(output, body);
          cli.out.note(`${output}: ${body.length} bytes.`);
        }
      },
    );

  subcommand(command, 'delete <item>', {
    summary: 'delete a configuration item with all revisions',
    description:
      'Delete a configuration item with all revisions. Refused while it is deployed or in a baseline.',
    example: 'espalier items delete "Login window"',
  }).action(async (name: string) => {
    const { item } = await detail(name);
    await deleteConfirmed(cli, {
      path: path`/api/v1/configuration-items/${item.id}`,
      id: item.id,
      question: `Delete the configuration item ${item.name} with its ${item.revision} revisions?`,
      done: `${item.name} is deleted.`,
    });
  });
}

async function importProfile(
  cli: Cli,
  file: string,
  { name, scope, note, to }: ImportOptions,
  detail: (name: string) => Promise<Detail>,
): Promise<void> {
  if (to !== undefined && (name !== undefined || scope !== undefined))
    throw usageError('With --to the name and scope stay as they are.');
  const body = await readInput(cli.world, 'The file', file);
  const before = to === undefined ? undefined : (await detail(to)).item;
  const at =
    before === undefined ? `${PATH}/import` : path`/api/v1/configuration-items/${before.id}/revisions/import`;
  const imported = await cli.api.post<Detail>(at, body, {
    query: { name, scope, note },
    headers: { 'content-type': PROFILE_TYPE },
  });
  showItem(cli, imported);
  if (imported.item.revision === before?.revision)
    cli.out.note(`It is the same as revision ${before.revision}: there is no new one.`);
}

function showItem({ out }: Cli, shown: Detail): void {
  const { item, latest } = shown;
  out.result(shown, () => {
    out.record([
      ['Name', item.name],
      ['Id', item.id],
      ['Kind', item.kind],
      ['Identifier', item.identifier],
      ['Scope', item.scope],
      ['Platforms', item.platforms.join(', ')],
      ['Revision', `${item.revision}, ${showTime(latest.createdAt) ?? ''} by ${latest.createdBy}`],
      ['Note', latest.note],
      ['Description', item.description],
      ['Categories', item.categories.join(', ')],
      ['Made', `${showTime(item.createdAt) ?? ''} by ${item.createdBy}`],
    ]);
    for (const warning of latest.warnings) out.note(`Warning: ${warning}`);
  });
}
