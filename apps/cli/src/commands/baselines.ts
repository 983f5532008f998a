import type { Baseline, BaselineRevision } from '@espalier/contracts';
import type { Command } from 'commander';
import { showList } from '../api/list.js';
import { findThing, libraryPaths } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { usageError } from '../cli.error.js';
import { path } from '../connection/path.js';
import { addListOptions, type ListOptions } from '../options.js';
import { minor, number, text, whole } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';
import { subcommand } from './define.js';
import { deleteConfirmed } from './deletion.js';

interface Detail {
  readonly item: Baseline;
  readonly latest: BaselineRevision;
}

interface Member {
  readonly ciId: string;
  readonly revision: number | null;
}

const PATH = libraryPaths.baseline;

/** `espalier baselines`. */
export function baselines(command: Command, cli: Cli): void {
  const detail = async (name: string): Promise<Detail> =>
    cli.api.get(path`/api/v1/baselines/${(await findThing(cli.api, name, ['baseline'])).thingId}`);

  addListOptions(
    subcommand(command, 'list', { summary: 'list baselines', example: 'espalier baselines list' }),
    "contains(name,'security')",
  ).action((options: ListOptions) =>
    showList<Baseline>(
      cli,
      {
        path: PATH,
        columns: [
          whole('ID', ({ id }) => id),
          text('NAME', ({ name }) => name),
          number('ITEMS', ({ memberCount }) => memberCount),
          number('REVISION', ({ revision }) => revision),
          minor(whole('CHANGED', ({ changedAt }) => showTime(changedAt))),
          minor(text('BY', ({ changedBy }) => changedBy)),
        ],
        nothing: 'No baseline fits.',
      },
      options,
    ),
  );

  subcommand(command, 'show <baseline>', {
    summary: 'see a baseline with its configuration items',
    example: 'espalier baselines show "Security baseline"',
  }).action(async (name: string) => showBaseline(cli, await detail(name)));

  subcommand(command, 'create <name> <item...>', {
    summary: 'make a baseline of configuration items',
    description:
      'Make a baseline of configuration items, each at its newest revision; "name@3" is always revision 3.',
    example: 'espalier baselines create "Security baseline" "Login window" Passcode',
  })
    .option('--description <text>', 'for people')
    .action(
      async (name: string, items: readonly string[], { description }: { readonly description?: string }) => {
        const body = {
          name,
          members: await readMembers(cli, items),
          ...(description !== undefined && { description }),
        };
        showBaseline(cli, await cli.api.post<Detail>(PATH, body));
      },
    );

  subcommand(command, 'set <baseline> <item...>', {
    summary: 'replace the configuration items of a baseline: a new revision',
    example: 'espalier baselines set "Security baseline" "Login window" Passcode FileVault',
  })
    .option('--note <text>', 'why there is this revision')
    .action(async (name: string, items: readonly string[], { note }: { readonly note?: string }) => {
      const { item } = await detail(name);
      const body = { members: await readMembers(cli, items), ...(note !== undefined && { note }) };
      const at = path`/api/v1/baselines/${item.id}`;
      showBaseline(cli, await cli.api.change<Detail>('PATCH', at, body, item.version));
    });

  subcommand(command, 'delete <baseline>', {
    summary: 'delete a baseline with all revisions',
    description: 'Delete a baseline with all revisions. Refused while it is deployed.',
    example: 'espalier baselines delete "Security baseline"',
  }).action(async (name: string) => {
    const { item } = await detail(name);
    await deleteConfirmed(cli, {
      path: path`/api/v1/baselines/${item.id}`,
      id: item.id,
      question: `Delete the baseline ${item.name} with its ${item.revision} revisions?`,
      done: `${item.name} is deleted.`,
    });
  });
}

/** Configuration items by id or name, each optionally with `@revision`. @throws CliError */
function readMembers({ api }: Cli, names: readonly string[]): Promise<Member[]> {
  if (new Set(names).size < names.length) throw usageError('A configuration item stands in a baseline once.');
  return Promise.all(
    names.map(async (written) => {
      const [, name = written, revision] = /^(.+)@(\d{1,9})$/.exec(written) ?? [];
      const { thingId } = await findThing(api, name, ['configuration-item']);
      return { ciId: thingId, revision: revision === undefined ? null : Number(revision) };
    }),
  );
}

function showBaseline({ out }: Cli, shown: Detail): void {
  const { item, latest } = shown;
  out.result(shown, () => {
    out.record([
      ['Name', item.name],
      ['Id', item.id],
      ['Description', item.description],
      ['Revision', `${item.revision}, ${showTime(latest.createdAt) ?? ''} by ${latest.createdBy}`],
      ['Note', latest.note],
    ]);
    out.heading('Configuration items');
    out.table(latest.members, [
      whole('ID', ({ ciId }) => ciId),
      text('NAME', ({ name }) => name),
      text('IDENTIFIER', ({ identifier }) => identifier),
      whole('REVISION', ({ revision }) => revision ?? 'newest'),
    ]);
  });
}
