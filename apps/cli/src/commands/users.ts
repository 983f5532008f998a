import type { Affinity, User } from '@espalier/contracts';
import type { Command } from 'commander';
import { both, showList } from '../api/list.js';
import { findUser, quoted } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { path } from '../connection/path.js';
import { addListOptions, type ListOptions } from '../options.js';
import { minor, number, text, whole } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';
import { subcommand } from './define.js';

/** `espalier users`. */
export function users(command: Command, cli: Cli): void {
  addListOptions(
    subcommand(command, 'list', {
      summary: 'list users',
      example: 'espalier users list --search anna',
    }).option('-s, --search <text>', 'in short name, full name or mail address'),
    "contains(mail,'@example.com')",
  ).action(({ search, ...options }: ListOptions & { readonly search?: string }) => {
    const found =
      search === undefined
        ? undefined
        : ['userName', 'fullName', 'mail']
            .map((field) => `contains(${field},${quoted(search)})`)
            .join(' or ');
    return showList<User>(
      cli,
      {
        path: '/api/v1/users',
        query: { filter: both(found, undefined) },
        columns: [
          number('ID', ({ resourceId }) => resourceId),
          text('NAME', ({ userName }) => userName),
          text('FULL NAME', ({ fullName }) => fullName),
          text('MAIL', ({ mail }) => mail),
          minor(whole('KNOWN SINCE', ({ createdAt }) => showTime(createdAt))),
        ],
        nothing: 'No user fits.',
      },
      options,
    );
  });

  subcommand(command, 'show <user>', {
    summary: 'see a user, and the devices that the user uses',
    description:
      'See a user, and the devices that the user uses. A user is named by resource id or short name.',
    example: 'espalier users show anna',
  }).action(async (name: string) => {
    const { api, out } = cli;
    const user = await findUser(api, name);
    const { items } = await api.get<{ items: Affinity[] }>(path`/api/v1/users/${user.resourceId}/devices`);
    out.result({ ...user, devices: items }, () => {
      out.record([
        ['Name', user.userName],
        ['Full name', user.fullName],
        ['Mail', user.mail],
        ['Resource id', user.resourceId],
        ['Known since', showTime(user.createdAt)],
      ]);
      if (items.length === 0) return;
      out.heading('Devices');
      out.table(items, [
        number('ID', ({ resourceId }) => resourceId),
        text('NAME', ({ deviceName }) => deviceName),
        whole('PRIMARY', ({ isPrimary }) => isPrimary),
        text('KNOWN FROM', ({ sources }) => sources.join(', ')),
      ]);
    });
  });
}
