import type {
  Baseline,
  Collection,
  ConfigurationItem,
  Deployment,
  Device,
  LibraryKind,
  User,
} from '@espalier/contracts';
import { CliError } from '../cli.error.js';
import { exitCodes } from '../exit-codes.js';
import type { ApiClient } from '../connection/api.client.js';
import { printable } from '../terminal/printable.js';
import { collect } from './list.js';

/** As many as are looked at to tell that a name is ambiguous. */
const CANDIDATES = 20;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const RESOURCE_ID = /^[1-9][0-9]{0,9}$/;
const MAX_RESOURCE_ID = 2_147_483_647;
const COLLECTION_ID = /^[A-Z0-9]{3}[0-9A-F]{5}$/i;

/** A text as filters spell it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

interface Search<T> {
  readonly what: string;
  /** What people type to see what there is. */
  readonly see: string;
  readonly asked: string;
  readonly isId: (item: T) => boolean;
  readonly describe: (item: T) => string;
}

/** The one that is meant: whose id it is, or the only one with that name. @throws CliError listing the candidates */
function only<T>(found: readonly T[], { what, see, asked, isId, describe }: Search<T>): T {
  const byId = found.find(isId);
  if (byId !== undefined) return byId;
  const [one, ...others] = found;
  if (one === undefined)
    throw new CliError(
      `There is no ${what} ${printable(asked)}.`,
      exitCodes.notFound,
      `See what there is: ${see}`,
    );
  if (others.length === 0) return one;
  const shown = found.slice(0, CANDIDATES).map((item) => `  ${printable(describe(item))}`);
  const more = found.length > CANDIDATES ? ['  …'] : [];
  throw new CliError(
    `There are several ${what}s called ${printable(asked)}.`,
    exitCodes.conflict,
    ['Name one by its id:', ...shown, ...more].join('\n'),
  );
}

/**
 * The device with this resource id, name or serial number. Where several have it, the only one that is active.
 * @throws CliError
 */
export async function findDevice(api: ApiClient, asked: string): Promise<Device> {
  const id = RESOURCE_ID.test(asked) && Number(asked) <= MAX_RESOURCE_ID ? Number(asked) : undefined;
  const filter = [
    `name eq ${quoted(asked)}`,
    `serialNumber eq ${quoted(asked)}`,
    ...(id === undefined ? [] : [`resourceId eq ${id}`]),
  ].join(' or ');
  const found = await collect<Device>(api, '/api/v1/devices', { filter }, CANDIDATES + 1);
  const active = found.filter(({ state }) => state === 'active');
  const candidates =
    active.length === 1 && !found.some(({ resourceId }) => resourceId === id) ? active : found;
  return only(candidates, {
    what: 'device',
    see: 'espalier devices list --search TEXT',
    asked,
    isId: ({ resourceId }) => resourceId === id,
    describe: ({ resourceId, name, serialNumber, state }) =>
      `${resourceId}  ${name}  ${serialNumber ?? '-'}  ${state}`,
  });
}

/** The user with this resource id or short name. @throws CliError */
export async function findUser(api: ApiClient, asked: string): Promise<User> {
  const id = RESOURCE_ID.test(asked) && Number(asked) <= MAX_RESOURCE_ID ? Number(asked) : undefined;
  const filter = [`userName eq ${quoted(asked)}`, ...(id === undefined ? [] : [`resourceId eq ${id}`])].join(
    ' or ',
  );
  const found = await collect<User>(api, '/api/v1/users', { filter }, CANDIDATES + 1);
  return only(found, {
    what: 'user',
    see: 'espalier users list',
    asked,
    isId: ({ resourceId }) => resourceId === id,
    describe: ({ resourceId, userName, fullName }) => `${resourceId}  ${userName}  ${fullName ?? '-'}`,
  });
}

/** The collection with this id or name. @throws CliError */
export async function findCollection(api: ApiClient, asked: string): Promise<Collection> {
  const id = COLLECTION_ID.test(asked) ? asked.toUpperCase() : undefined;
  const filter = [`name eq ${quoted(asked)}`, ...(id === undefined ? [] : [`id eq ${quoted(id)}`])].join(
    ' or ',
  );
  const found = await collect<Collection>(api, '/api/v1/collections', { filter }, CANDIDATES + 1);
  return only(found, {
    what: 'collection',
    see: 'espalier collections list',
    asked,
    isId: (collection) => collection.id === id,
    describe: (collection) => `${collection.id}  ${collection.name}  ${collection.kind}s`,
  });
}

/** Something of the library: what can be deployed. */
export interface Thing {
  readonly thingKind: LibraryKind;
  readonly thingId: string;
  readonly name: string;
}

/** Where things of a kind are, and how the command line calls them. */
export const libraryPaths = {
  'configuration-item': '/api/v1/configuration-items',
  baseline: '/api/v1/baselines',
  application: '/api/v1/applications',
  package: '/api/v1/packages',
} as const satisfies Record<LibraryKind, string>;

/** The thing with this id or name, of any of some kinds. @throws CliError */
export async function findThing(
  api: ApiClient,
  asked: string,
  kinds: readonly LibraryKind[] = ['configuration-item', 'baseline', 'application', 'package'],
): Promise<Thing> {
  const id = UUID.test(asked) ? asked.toLowerCase() : undefined;
  const filter =
    id === undefined ? `name eq ${quoted(asked)}` : `id eq ${quoted(id)} or name eq ${quoted(asked)}`;
  const found = await Promise.all(
    kinds.map(async (thingKind) => {
      const items = await collect<Pick<Baseline | ConfigurationItem, 'id' | 'name'>>(
        api,
        libraryPaths[thingKind],
        { filter },
        CANDIDATES + 1,
      );
      return items.map((item): Thing => ({ thingKind, thingId: item.id, name: item.name }));
    }),
  );
  const [kind] = kinds;
  return only(found.flat(), {
    what: kinds.length === 1 && kind !== undefined ? kind.replace('-', ' ') : 'thing',
    see: kinds.length === 1 && kind === 'baseline' ? 'espalier baselines list' : 'espalier items list',
    asked,
    isId: ({ thingId }) => thingId === id,
    describe: ({ thingId, thingKind, name }) => `${thingId}  ${thingKind}  ${name}`,
  });
}

/** The deployment with this id, assignment number or name. @throws CliError */
export async function findDeployment(api: ApiClient, asked: string): Promise<Deployment> {
  const id = UUID.test(asked) ? asked.toLowerCase() : undefined;
  const number = RESOURCE_ID.test(asked) ? Number(asked) : undefined;
  const filter = [
    `name eq ${quoted(asked)}`,
    ...(id === undefined ? [] : [`id eq ${quoted(id)}`]),
    ...(number === undefined ? [] : [`assignmentId eq ${number}`]),
  ].join(' or ');
  const found = await collect<Deployment>(api, '/api/v1/deployments', { filter }, CANDIDATES + 1);
  return only(found, {
    what: 'deployment',
    see: 'espalier deployments list',
    asked,
    isId: (deployment) => deployment.id === id || deployment.assignmentId === number,
    describe: (deployment) => `${deployment.id}  ${deployment.name}  ${deployment.collectionName}`,
  });
}
