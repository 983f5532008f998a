import type { Administrator, Collection, Role, RoleAssignment } from '@espalier/contracts';
import { findCollection } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { CliError } from '../cli.error.js';
import { path } from '../connection/path.js';
import { exitCodes } from '../exit-codes.js';
import { findRole } from './roles.js';

const missing = (message: string): CliError => new CliError(message, exitCodes.notFound);

/** Adds a role, or collections to where it holds. @throws CliError */
export async function assignRole(
  cli: Cli,
  administrator: Administrator,
  role: string,
  collections: readonly string[] | undefined,
): Promise<Administrator> {
  const [{ id: roleId }, found] = await Promise.all([findRole(cli, role), findAll(cli, collections)]);
  const { before, others } = split(administrator, roleId);
  const collectionIds =
    found === undefined || before?.collectionIds === null
      ? null
      : [...new Set([...(before?.collectionIds ?? []), ...found])];
  return assign(cli, administrator, [...others, { roleId, collectionIds }]);
}

/** Takes a role, or collections from where it holds. @throws CliError where it is not there */
export async function unassignRole(
  cli: Cli,
  administrator: Administrator,
  role: string,
  collections: readonly string[] | undefined,
): Promise<Administrator> {
  const [{ id: roleId, name }, taken] = await Promise.all([findRole(cli, role), findAll(cli, collections)]);
  const { before, others } = split(administrator, roleId);
  if (before === undefined) throw missing(`${administrator.name} does not have the role ${name}.`);
  if (taken === undefined) return assign(cli, administrator, others);
  const held = before.collectionIds;
  if (held === null)
    throw new CliError(
      `${administrator.name} is ${name} for the whole site, not in single collections.`,
      exitCodes.conflict,
      'Take the role wholly (without --collection), then assign it where it shall hold.',
    );
  const absent = taken.find((id) => !held.includes(id));
  if (absent !== undefined) throw missing(`${administrator.name} is not ${name} in ${absent}.`);
  const left = held.filter((id) => !taken.includes(id));
  return assign(
    cli,
    administrator,
    left.length === 0 ? others : [...others, { roleId, collectionIds: left }],
  );
}

/** Adds ways to sign in. */
export function addIdentities(
  cli: Cli,
  administrator: Administrator,
  identities: readonly string[],
): Promise<Administrator> {
  return identify(cli, administrator, [...new Set([...administrator.identities, ...identities])]);
}

/** Takes ways to sign in away. @throws CliError where one is not there */
export async function removeIdentities(
  cli: Cli,
  administrator: Administrator,
  identities: readonly string[],
): Promise<Administrator> {
  const absent = identities.find((identity) => !administrator.identities.includes(identity));
  if (absent !== undefined) throw missing(`${administrator.name} does not sign in as ${absent}.`);
  const left = administrator.identities.filter((identity) => !identities.includes(identity));
  return identify(cli, administrator, left);
}

async function findAll(
  { api }: Cli,
  names: readonly string[] | undefined,
): Promise<Collection['id'][] | undefined> {
  if (names === undefined) return undefined;
  return (await Promise.all(names.map((name) => findCollection(api, name)))).map(({ id }) => id);
}

function split(
  { assignments }: Administrator,
  roleId: Role['id'],
): { readonly before: RoleAssignment | undefined; readonly others: RoleAssignment[] } {
  return {
    before: assignments.find((assignment) => assignment.roleId === roleId),
    others: assignments.filter((assignment) => assignment.roleId !== roleId),
  };
}

const assign = (
  { api }: Cli,
  { id, version }: Administrator,
  assignments: readonly RoleAssignment[],
): Promise<Administrator> =>
  api.change('PUT', path`/api/v1/administrators/${id}/assignments`, { assignments }, version);

const identify = (
  { api }: Cli,
  { id, version }: Administrator,
  identities: readonly string[],
): Promise<Administrator> =>
  api.change('PUT', path`/api/v1/administrators/${id}/identities`, { identities }, version);
