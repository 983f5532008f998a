import type { Affinity, User } from '@espalier/contracts';
import type { Command } from 'commander';
import { searching, showList } from '../api/list.js';
import { findDevice, findUser } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { path } from '../connection/path.js';
import { addListOptions, type ListOptions } from '../options.js';
import { minor, number, text, whole } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';
import { subcommand } from './define.js';
import { deleteConfirmed } from './deletion.js';

interface UserFields {
  readonly fullName?: string;
  readonly mail?: string;
}

/** `espalier users`. */
export function users(command: Command, cli: Cli): void {
  addListOptions(
    subcommand(command, 'list', {
      summary: 'list users',
      example: 'espalier users list --search anna',
    }).option('-s, --search <text>', 'in short name, full name or mail address'),
    "contains(mail,'@example.com')",
  ).action(({ search, ...options }: ListOptions & { readonly search?: string }) => {
    const filter = searching(search, ['userName', 'fullName', 'mail']);
    return showList<User>(
      cli,
      {
        path: '/api/v1/users',
        query: { filter },
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

  subcommand(command, 'create <name>', {
    summary: 'make a user known before the user enrols',
    description:
      'Make a user known before the user enrols: whoever enrols with this short name is this user.',
    example: 'espalier users create anna --full-name "Anna Example" --mail anna@example.com',
  })
    .option('--full-name <text>', 'as people say it')
    .option('--mail <address>', 'mail address')
    .action(async (userName: string, fields: UserFields) =>
      showUser(cli, await cli.api.post<User>('/api/v1/users', { userName, ...fields }), []),
    );

  subcommand(command, 'assign <user> <device>', {
    summary: 'say that a user uses a device',
    example: 'espalier users assign anna mac-042 --primary',
  })
    .option('--primary', 'mainly, and nobody else does')
    .action(async (name: string, deviceName: string, { primary }: { readonly primary?: boolean }) => {
      const at = await affinityPath(cli, name, deviceName);
      const tie = await cli.api.put<Affinity>(at, { isPrimary: primary === true });
      cli.out.result(tie, () =>
        cli.out.say(`${tie.userName} uses ${tie.deviceName}${tie.isPrimary ? ', as its primary user' : ''}.`),
      );
    });

  subcommand(command, 'unassign <user> <device>', {
    summary: 'say that a user no longer uses a device',
    description:
      'Say that a user no longer uses a device. It comes back where the user enrols on the device again.',
    example: 'espalier users unassign anna mac-042',
  }).action(async (name: string, deviceName: string) => {
    await cli.api.delete(await affinityPath(cli, name, deviceName));
    cli.out.result({ user: name, device: deviceName, uses: false }, () =>
      cli.out.say(`${name} uses ${deviceName} no longer.`),
    );
  });

  subcommand(command, 'delete <user>', {
    summary: 'delete a user who is enrolled nowhere',
    example: 'espalier users delete anna',
  }).action(async (name: string) => {
    const { resourceId, userName } = await findUser(cli.api, name);
    await deleteConfirmed(cli, {
      path: path`/api/v1/users/${resourceId}`,
      id: resourceId,
      question: `Delete the user ${userName} (${resourceId})? The user leaves all collections.`,
      done: `${userName} is deleted.`,
    });
  });

  subcommand(command, 'show <user>', {
    summary: 'see a user, and the devices that the user uses',
    description:
      'See a user, and the devices that the user uses. A user is named by resource id or short name.',
    example: 'espalier users show anna',
  }).action(async (name: string) => {
    const user = await findUser(cli.api, name);
    const at = path`/api/v1/users/${user.resourceId}/devices`;
    showUser(cli, user, (await cli.api.get<{ readonly items: readonly Affinity[] }>(at)).items);
  });
}

async function affinityPath({ api }: Cli, user: string, device: string): Promise<string> {
  const [{ resourceId: userId }, { resourceId }] = await Promise.all([
    findUser(api, user),
    findDevice(api, device),
  ]);
  return path`/api/v1/devices/${resourceId}/users/${userId}`;
}

function showUser({ out }: Cli, user: User, devices: readonly Affinity[]): void {
  out.result({ ...user, devices }, () => {
    out.record([
      ['Name', user.userName],
      ['Full name', user.fullName],
      ['Mail', user.mail],
      ['Resource id', user.resourceId],
      ['Known since', showTime(user.createdAt)],
    ]);
    if (devices.length === 0) return;
    out.heading('Devices');
    out.table(devices, [
      number('ID', ({ resourceId }) => resourceId),
      text('NAME', ({ deviceName }) => deviceName),
      whole('PRIMARY', ({ isPrimary }) => isPrimary),
      text('KNOWN FROM', ({ sources }) => sources.join(', ')),
    ]);
  });
}
