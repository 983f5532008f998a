import type { DeclaredEndpoint, EndpointSpec } from '@espalier/nest-kit';
import type { AuditDetail, AuditEntry } from './audit.entry.js';

type Targets = AuditEntry['targets'];

/** What the hooks record of the requests to one endpoint. */
export interface AuditPlan {
  /** The operation's name. */
  readonly action: string;
  /** True where it is recorded before it is done, and how it ended. */
  readonly audited: boolean;
  /** From the parameters of the path, and from what the body names. */
  targets(params: unknown, body?: unknown): Targets;
  /** What the body says and may be kept. */
  details(body: unknown): Record<string, AuditDetail>;
  /** What was made, by the header Location or, where there is none, by the answer's body. */
  made(location: unknown, answer: unknown): Targets;
}

/** Where the body of an operation says something worth recording. Paths are separated by dots. */
export interface BodyPlan {
  /** Detail to path. */
  readonly details?: Readonly<Record<string, string>>;
  /** Path of a list of ids to the type of target. */
  readonly targets?: Readonly<Record<string, string>>;
  /** Path in the answer of the id of what was made, where no header Location names it, to its type. */
  readonly made?: Readonly<Record<string, string>>;
}

/** Whoever is asked why says so in the same place. */
const ALWAYS = { reason: 'reason' };
const requestType = { requestType: 'command.requestType' };

/** By operation. */
export const bodyPlans: Readonly<Record<string, BodyPlan>> = {
  submitCommands: { details: requestType, targets: { enrollmentIds: 'enrollment' } },
  submitEnrollmentCommand: { details: requestType },
  submitCollectionCommand: { details: requestType },
  runScript: { targets: { deviceIds: 'device', collectionId: 'collection' } },
  pivotDevices: { targets: { deviceIds: 'device' } },
  installApplication: { targets: { deviceIds: 'device' } },
  createDeployment: { targets: { collectionId: 'collection' } },
  createCollection: { targets: { directResourceIds: 'device' } },
  replaceCollection: { targets: { directResourceIds: 'device' } },
  addDirectRules: { targets: { resourceIds: 'device' } },
  removeDirectRules: { targets: { resourceIds: 'device' } },
  postAdminService: {
    targets: {
      ResourceID: 'device',
      TargetResourceIDs: 'device',
      'collectionRule.ResourceID': 'device',
      'collectionRules.ResourceID': 'device',
      TargetCollectionID: 'collection',
    },
  },
  createToken: {
    details: { name: 'name', scopes: 'scopes', expiresInDays: 'expiresInDays' },
    made: { 'token.id': 'api-token' },
  },
  createEnrollmentLink: { made: { id: 'enrollment-link' } },
  createWindow: { made: { id: 'maintenance-window' } },
  createAdministrator: { details: { name: 'name' } },
  assignRoles: { details: { roles: 'assignments.roleId' } },
  setIdentities: { details: { identities: 'identities' } },
};

/** Types of targets whose segment of a path is not simply their plural. */
const TYPES: Readonly<Record<string, string>> = {
  tokens: 'api-token',
  content: 'content',
  inventory: 'inventory-group',
};

const typeOf = (segment: string): string => TYPES[segment] ?? segment.replace(/s$/, '');

/** Looks plans up by the endpoint's declaration, which is the same object wherever it turns up. */
export function auditPlans(endpoints: readonly DeclaredEndpoint[]): ReadonlyMap<EndpointSpec, AuditPlan> {
  return new Map(endpoints.map(({ spec, operationId }) => [spec, planOf(spec, operationId)]));
}

function planOf(spec: EndpointSpec, action: string): AuditPlan {
  const segments = spec.path.split('/');
  const parameters = segments.flatMap((segment, index) =>
    segment.startsWith(':') ? [{ name: segment.slice(1), type: typeOf(segments[index - 1] ?? '') }] : [],
  );
  const { details, targets = {}, made = {} } = bodyPlans[action] ?? {};
  return {
    action,
    // Whoever reads a secret is recorded, marked so or not.
    audited: spec.audit ?? (spec.method !== 'GET' || spec.scope === 'secrets:read'),
    targets: (params, body) => [
      ...parameters.flatMap(({ name, type }) => idsAt(params, name).map((id) => ({ type, id }))),
      ...targetsAt(body, targets),
    ],
    made: (location, answer) =>
      location === undefined && Object.keys(made).length > 0
        ? targetsAt(parsed(answer), made)
        : targetOfLocation(location),
    details: (body) =>
      Object.fromEntries(
        Object.entries({ ...ALWAYS, ...details }).flatMap(([key, path]) => {
          const value = at(body, path);
          const flat = Array.isArray(value) ? value.filter(isText).join(' ') : value;
          return isDetail(flat) ? [[key, flat]] : [];
        }),
      ),
  };
}

const targetsAt = (value: unknown, paths: Readonly<Record<string, string>>): Targets =>
  Object.entries(paths).flatMap(([path, type]) => idsAt(value, path).map((id) => ({ type, id })));

/** Only for operations that say where to look: answers may be long, and hold secrets. */
const parsed = (answer: unknown): unknown => (isText(answer) ? JSON.parse(answer) : undefined);

/** What was made, as the header Location names it. */
function targetOfLocation(location: unknown): Targets {
  const [id, segment] = isText(location) ? location.split('/').toReversed() : [];
  return id === undefined || segment === undefined || id === '' ? [] : [{ type: typeOf(segment), id }];
}

/** More than any request that is let through names. */
const MAX_IDS = 1_000;

/** The body has not been checked yet: only texts and numbers are taken for ids. */
function idsAt(value: unknown, path: string): string[] {
  const found = at(value, path);
  const list: readonly unknown[] = Array.isArray(found) ? found.slice(0, MAX_IDS) : [found];
  return list.filter((id) => isText(id) || typeof id === 'number').map(String);
}

/** What a path leads to; of a list, what it leads to in each item. */
function at(value: unknown, path: string): unknown {
  let found = value;
  for (const key of path.split('.'))
    found = Array.isArray(found) ? found.slice(0, MAX_IDS).map((item) => own(item, key)) : own(found, key);
  return found;
}

const own = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;

const isText = (value: unknown): value is string => typeof value === 'string';
const isDetail = (value: unknown): value is AuditDetail =>
  isText(value) || typeof value === 'number' || typeof value === 'boolean';
