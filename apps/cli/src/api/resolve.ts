import type {
  Administrator,
  Baseline,
  Collection,
  ConfigurationItem,
  Content,
  Deployment,
  Device,
  LibraryKind,
  Script,
  User,
} from '@espalier/contracts';
import { CliError } from '../cli.error.js';
import { exitCodes } from '../exit-codes.js';
import type { ApiClient } from '../connection/api.client.js';
import { printable } from '../terminal/printable.js';
import { collect, quoted } from './list.js';

/** As many as are looked at to tell that a name is ambiguous. */
const CANDIDATES = 20;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const RESOURCE_ID = /^[1-9][0-9]{0,9}$/;
const MAX_RESOURCE_ID = 2_147_483_647;
const COLLECTION_ID = /^[A-Z0-9]{3}[0-9A-F]{5}$/i;

/** Something that is named by a person. */
export interface Search<T> {
  readonly what: string;
  /** What people type to see what there is. */
  readonly see: string;
  readonly asked: string;
  readonly isId: (item: T) => boolean;
  readonly describe: (item: T) => string;
}

/** The one that is meant: whose id it is, or the only one with that name. @throws CliError listing the candidates */
export function only<T>(found: readonly T[], { what, see, asked, isId, describe }: Search<T>): T {
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

/** Everything that one of some conditions fits, as far as it takes to tell that a name is ambiguous. */
function candidates<T>(api: ApiClient, at: string, ...conditions: readonly (string | false)[]): Promise<T[]> {
  const filter = conditions.filter((condition) => condition !== false).join(' or ');
  return collect<T>(api, at, { filter }, CANDIDATES + 1);
}

const resourceIdOf = (asked: string): number | undefined =>
  RESOURCE_ID.test(asked) && Number(asked) <= MAX_RESOURCE_ID ? Number(asked) : undefined;
const uuidOf = (asked: string): string | undefined => (UUID.test(asked) ? asked.toLowerCase() : undefined);

/**
 * The device with this resource id, name or serial number. Where several have it, the only one that is active.
 * @throws CliError
 */
export async function findDevice(api: ApiClient, asked: string): Promise<Device> {
  const id = resourceIdOf(asked);
  const found = await candidates<Device>(
    api,
    '/api/v1/devices',
    `name eq ${quoted(asked)}`,
    `serialNumber eq ${quoted(asked)}`,
    id !== undefined && `resourceId eq ${id}`,
  );
  const active = found.filter(({ state }) => state === 'active');
  const isClear = active.length === 1 && !found.some(({ resourceId }) => resourceId === id);
  return only(isClear ? active : found, {
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
  const id = resourceIdOf(asked);
  const found = await candidates<User>(
    api,
    '/api/v1/users',
    `userName eq ${quoted(asked)}`,
    id !== undefined && `resourceId eq ${id}`,
  );
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
  const found = await candidates<Collection>(
    api,
    '/api/v1/collections',
    `name eq ${quoted(asked)}`,
    id !== undefined && `id eq ${quoted(id)}`,
  );
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

const groupOf = {
  'configuration-item': 'items',
  baseline: 'baselines',
  application: 'applications',
  package: 'packages',
} as const satisfies Record<LibraryKind, string>;

/** The thing with this id or name, of any of some kinds. @throws CliError */
export async function findThing(
  api: ApiClient,
  asked: string,
  kinds: readonly LibraryKind[] = ['configuration-item', 'baseline', 'application', 'package'],
): Promise<Thing> {
  const id = uuidOf(asked);
  const found = await Promise.all(
    kinds.map(async (thingKind) => {
      const items = await candidates<Pick<Baseline | ConfigurationItem, 'id' | 'name'>>(
        api,
        libraryPaths[thingKind],
        `name eq ${quoted(asked)}`,
        id !== undefined && `id eq ${quoted(id)}`,
      );
      return items.map((item): Thing => ({ thingKind, thingId: item.id, name: item.name }));
    }),
  );
  const [kind] = kinds;
  return only(found.flat(), {
    what: kinds.length === 1 && kind !== undefined ? kind.replace('-', ' ') : 'thing',
    see: `espalier ${kinds.length === 1 && kind !== undefined ? groupOf[kind] : 'items'} list`,
    asked,
    isId: ({ thingId }) => thingId === id,
    describe: ({ thingId, thingKind, name }) => `${thingId}  ${thingKind}  ${name}`,
  });
}

/** The deployment with this id, assignment number or name. @throws CliError */
export async function findDeployment(api: ApiClient, asked: string): Promise<Deployment> {
  const id = uuidOf(asked);
  const number = resourceIdOf(asked);
  const found = await candidates<Deployment>(
    api,
    '/api/v1/deployments',
    `name eq ${quoted(asked)}`,
    id !== undefined && `id eq ${quoted(id)}`,
    number !== undefined && `assignmentId eq ${number}`,
  );
  return only(found, {
    what: 'deployment',
    see: 'espalier deployments list',
    asked,
    isId: (deployment) => deployment.id === id || deployment.assignmentId === number,
    describe: (deployment) => `${deployment.id}  ${deployment.name}  ${deployment.collectionName}`,
  });
}

/** The administrator with this id or name. @throws CliError */
export async function findAdministrator(api: ApiClient, asked: string): Promise<Administrator> {
  const id = uuidOf(asked);
  const found = await candidates<Administrator>(
    api,
    '/api/v1/administrators',
    `name eq ${quoted(asked)}`,
    id !== undefined && `id eq ${quoted(id)}`,
  );
  return only(found, {
    what: 'administrator',
    see: 'espalier administrators list',
    asked,
    isId: (administrator) => administrator.id === id,
    describe: ({ id: its, name, displayName }) => `${its}  ${name}  ${displayName}`,
  });
}

/** The uploaded file with this id or name. @throws CliError */
export async function findContent(api: ApiClient, asked: string): Promise<Content> {
  const id = uuidOf(asked);
  const found = await candidates<Content>(
    api,
    '/api/v1/content',
    `name eq ${quoted(asked)}`,
    id !== undefined && `id eq ${quoted(id)}`,
  );
  return only(found, {
    what: 'file',
    see: 'espalier content list',
    asked,
    isId: (content) => content.id === id,
    describe: ({ id: its, name, size, sha256 }) => `${its}  ${name}  ${size} bytes  ${sha256.slice(0, 16)}`,
  });
}

/** The script with this id or name. @throws CliError */
export async function findScript(api: ApiClient, asked: string): Promise<Script> {
  const id = uuidOf(asked);
  const found = await candidates<Script>(
    api,
    '/api/v1/scripts',
    `name eq ${quoted(asked)}`,
    id !== undefined && `id eq ${quoted(id)}`,
  );
  return only(found, {
    what: 'script',
    see: 'espalier scripts list',
    asked,
    isId: (script) => script.id === id,
    describe: ({ id: its, name, author }) => `${its}  ${name}  by ${author}`,
  });
}
