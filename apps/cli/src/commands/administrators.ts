import type { Administrator } from '@espalier/contracts';
import type { Command } from 'commander';
import { showList } from '../api/list.js';
import { findAdministrator } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { path } from '../connection/path.js';
import { addListOptions, several, type ListOptions } from '../options.js';
import { minor, text, whole } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';
import { addIdentities, assignRole, removeIdentities, unassignRole } from './administrator.changes.js';
import { subcommand } from './define.js';
import { deleteConfirmed } from './deletion.js';
import { rolesOf } from './roles.js';

/** Where a role holds. */
interface ReachOptions {
  readonly collection?: readonly string[];
}

const PATH = '/api/v1/administrators';

/** `espalier administrators`. */
export function administrators(command: Command, cli: Cli): void {
  const administrator = (name: string): Promise<Administrator> => findAdministrator(cli.api, name);

  addListOptions(
    subcommand(command, 'list', {
      summary: 'list administrators',
      example: 'espalier administrators list --filter "isEnabled eq true"',
    }),
    "contains(name,'anna')",
  ).action((options: ListOptions) =>
    showList<Administrator>(
      cli,
      {
        path: PATH,
        columns: [
          minor(whole('ID', ({ id }) => id)),
          text('NAME', ({ name }) => name),
          minor(text('FULL NAME', ({ displayName }) => displayName)),
          minor(whole('KIND', ({ kind }) => kind)),
          whole('ENABLED', ({ isEnabled }) => isEnabled),
          text('ROLES', ({ assignments }) => rolesOf(assignments)),
        ],
        nothing: 'No administrator fits.',
      },
      options,
    ),
  );

  subcommand(command, 'show <administrator>', {
    summary: 'see an administrator: roles, and ways to sign in',
    description:
      'See an administrator: roles, and ways to sign in. Administrators are named by id or exact name.',
    example: 'espalier administrators show "CORP\\anna"',
  }).action(async (name: string) => showAdministrator(cli, await administrator(name)));

  subcommand(command, 'create <name>', {
    summary: 'make a person or service account an administrator',
    description:
      'Make a person or service account an administrator, without any role or way to sign in: see assign, add-identity, and espalier tokens.',
    example: 'espalier administrators create "CORP\\anna" --display-name "Anna Example"',
  })
    .option('--display-name <text>', 'as people say it')
    .option('--service', 'it is no person')
    .action(
      async (
        name: string,
        { displayName, service }: { readonly displayName?: string; readonly service?: boolean },
      ) => {
        const body = {
          name,
          ...(displayName !== undefined && { displayName }),
          ...(service === true && { kind: 'service' }),
        };
        showAdministrator(cli, await cli.api.post<Administrator>(PATH, body));
      },
    );

  for (const [verb, isEnabled, summary] of [
    ['disable', false, 'let an administrator in no longer: no token and no other way works'],
    ['enable', true, 'let an administrator in again'],
  ] as const)
    subcommand(command, `${verb} <administrator>`, {
      summary,
      example: `espalier administrators ${verb} "CORP\\anna"`,
    }).action(async (wanted: string) => {
      const { id, name, displayName, version } = await administrator(wanted);
      const body = { name, displayName, isEnabled };
      showAdministrator(cli, await cli.api.change('PUT', path`/api/v1/administrators/${id}`, body, version));
    });

  subcommand(command, 'assign <administrator> <role>', {
    summary: 'give an administrator a role, for the whole site or in collections',
    description:
      'Give an administrator a role, for the whole site or, with --collection, only for the members of collections; these join those that it holds in already. Nobody can give more than they have.',
    example: 'espalier administrators assign "CORP\\anna" helpdesk --collection "Lab Macs"',
  })
    .option('-c, --collection <collection>', 'only there; several times', several)
    .action(async (name: string, role: string, { collection }: ReachOptions) =>
      showAdministrator(cli, await assignRole(cli, await administrator(name), role, collection)),
    );

  subcommand(command, 'unassign <administrator> <role>', {
    summary: 'take a role from an administrator, wholly or in collections',
    example: 'espalier administrators unassign "CORP\\anna" helpdesk',
  })
    .option('-c, --collection <collection>', 'only there; several times', several)
    .action(async (name: string, role: string, { collection }: ReachOptions) =>
      showAdministrator(cli, await unassignRole(cli, await administrator(name), role, collection)),
    );

  for (const [verb, change, summary] of [
    ['add-identity', addIdentities, 'let an administrator sign in by OIDC, Kerberos or certificate'],
    ['remove-identity', removeIdentities, 'let an administrator sign in so no longer'],
  ] as const)
    subcommand(command, `${verb} <administrator> <identity...>`, {
      summary,
      description: `${summary[0]?.toUpperCase() ?? ''}${summary.slice(1)}. An identity is oidc:<issuer>#<subject>, kerberos:<principal> or certificate:<SHA-256 of its public key>; the refusal of a first attempt names it.`,
      example: `espalier administrators ${verb} "CORP\\anna" kerberos:anna@CORP.EXAMPLE`,
    }).action(async (name: string, identities: readonly string[]) =>
      showAdministrator(cli, await change(cli, await administrator(name), identities)),
    );

  subcommand(command, 'delete <administrator>', {
    summary: 'delete an administrator, with all tokens',
    example: 'espalier administrators delete "CORP\\anna"',
  }).action(async (wanted: string) => {
    const { id, name } = await administrator(wanted);
    await deleteConfirmed(cli, {
      path: path`/api/v1/administrators/${id}`,
      id,
      question: `Delete the administrator ${name} with all tokens?`,
      done: `${name} is deleted.`,
    });
  });
}

function showAdministrator({ out }: Cli, shown: Administrator): void {
  out.result(shown, () => {
    out.record([
      ['Name', shown.name],
      ['Full name', shown.displayName],
      ['Id', shown.id],
      ['Kind', shown.kind],
      ['Enabled', shown.isEnabled],
      ['Roles', rolesOf(shown.assignments)],
      ['Made', `${showTime(shown.createdAt) ?? ''} by ${shown.createdBy}`],
      ['Changed', `${showTime(shown.changedAt) ?? ''} by ${shown.changedBy}`],
    ]);
    if (shown.identities.length === 0) return;
    out.heading('Signs in as');
    for (const identity of shown.identities) out.say(`  ${identity}`);
  });
}
