import { randomUUID } from 'node:crypto';
import type { RoleId } from '@espalier/contracts';
import { itemOf, type SpecAdministrator } from '../reach.fixture.js';
import { roles } from '../roles/role.catalogue.js';
import {
  limitedOutcome,
  outcomeFor,
  reason,
  SCOPE_MISSING,
  type Aim,
  type Attempt,
  type Outcome,
  type Wish,
} from './wish.fixture.js';

const [FULL, OPERATIONS, INFRASTRUCTURE, SECURITY, COMPLIANCE, APPLICATION, REMOTE, HELPDESK, ANALYST] =
  roles.map(({ id }) => id) as [RoleId, RoleId, RoleId, RoleId, RoleId, RoleId, RoleId, RoleId, RoleId];
const everybody = roles.map(({ id }) => id);
const allBut = (...without: readonly RoleId[]) => everybody.filter((id) => !without.includes(id));
const NOT_FOR_LIMITED = 'ESP_AUTH_NOT_FOR_LIMITED';
const NO_ENROLLMENT = 'ESP_MDM_ENROLLMENT_UNKNOWN';
const NO_COLLECTION = 'ESP_COLLECTION_UNKNOWN';
const NO_DEVICE = 'ESP_RESOURCE_UNKNOWN';

const get = (path: string) => (): Attempt => ({ method: 'GET', path });
const post = (path: string, body?: unknown): Attempt => ({ method: 'POST', path, body });
const send =
  (requestType: string) =>
  ({ side }: Aim): Attempt =>
    post(`/api/v1/enrollments/${side.enrollment}/commands`, { command: { requestType } });
/** A deployment of something new. */
async function newDeployment({ site }: Aim, collectionId: string): Promise<object> {
  const { item } = await site.made('POST', '/api/v1/configuration-items', itemOf(randomUUID()));
  return { thingKind: 'configuration-item', thingId: item.id, intent: 'required', collectionId };
}
const isInside = ({ site, side }: Aim): boolean => side === site.inside;
const newScript = () => ({ name: randomUUID(), language: 'zsh', text: 'echo hello' });
/** A person who has done nothing yet. */
const somebody = ({ site }: Aim, roleId: RoleId) => site.administrator(randomUUID(), roleId, null);
const assign =
  (roleId: RoleId) =>
  async (aim: Aim): Promise<Attempt> => ({
    method: 'PUT',
    path: `/api/v1/administrators/${(await somebody(aim, 'auditor')).id}/assignments`,
    body: { assignments: [{ roleId, collectionIds: null }] },
  });
/** The id of what somebody asked for and nobody has decided yet. */
async function asked({ site, side }: Aim, by: SpecAdministrator): Promise<string> {
  const path = `/api/v1/enrollments/${side.enrollment}/commands`;
  const command = { requestType: 'EraseDevice' };
  const { json } = await site.send('POST', path, by.token, { command }, reason);
  return String(json['id']);
}

/** Everything that a thief may want, in the order of the page. Written by hand: it is the promise, not the code. */
export const wishes: readonly Wish[] = [
  { says: 'see devices and their inventory', aim: get('/api/v1/devices'), may: everybody },
  {
    says: 'see commands and what devices answered',
    aim: ({ side }) => ({ method: 'GET', path: `/api/v1/commands/${side.command}` }),
    may: everybody,
    elsewhere: 'ESP_MDM_COMMAND_UNKNOWN',
  },
  { says: 'see what is deployed', aim: get('/api/v1/deployments'), may: allBut(REMOTE) },
  {
    says: 'see status messages',
    aim: get('/api/v1/status-messages'),
    may: allBut(REMOTE),
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'follow live events',
    aim: get('/api/v1/events'),
    may: allBut(COMPLIANCE, APPLICATION, REMOTE, HELPDESK),
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'see administrators',
    aim: get('/api/v1/administrators'),
    may: [FULL, SECURITY],
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'see the audit log',
    aim: get('/api/v1/audit'),
    may: [FULL, SECURITY, 'auditor'],
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'have devices report at once',
    aim: ({ side }) => post(`/api/v1/enrollments/${side.enrollment}/push`),
    may: allBut(INFRASTRUCTURE, SECURITY, ANALYST, 'auditor'),
    elsewhere: NO_ENROLLMENT,
  },
  {
    says: 'send commands that lose nothing',
    aim: send('ProfileList'),
    may: [FULL, OPERATIONS, REMOTE, HELPDESK],
    elsewhere: NO_ENROLLMENT,
  },
  {
    says: 'lock, restart, or send a profile to one device after another',
    aim: send('DeviceLock'),
    may: [FULL, OPERATIONS],
    comes: 100,
    elsewhere: NO_ENROLLMENT,
  },
  {
    says: 'the same to several devices at once',
    aim: ({ side, second }) =>
      post('/api/v1/commands', {
        enrollmentIds: [side.enrollment, second],
        command: { requestType: 'DeviceLock' },
      }),
    may: [FULL, OPERATIONS],
    comes: 'asks',
    elsewhere: NO_ENROLLMENT,
  },
  {
    says: 'erase devices',
    aim: send('EraseDevice'),
    may: [FULL, OPERATIONS],
    comes: 'asks',
    elsewhere: NO_ENROLLMENT,
  },
  {
    says: 'remove management from devices',
    aim: send('RemoveProfile'),
    may: [FULL, OPERATIONS],
    comes: 'asks',
    elsewhere: NO_ENROLLMENT,
  },
  {
    says: 'send a command that Espalier does not know',
    aim: send('EraseDevlce'),
    may: [FULL, OPERATIONS],
    comes: 'asks',
    elsewhere: NO_ENROLLMENT,
  },
  {
    says: 'retire devices',
    aim: ({ side }) => post(`/api/v1/devices/${side.device}/decommission`),
    may: [FULL, OPERATIONS, HELPDESK],
    comes: 'asks',
    elsewhere: NO_DEVICE,
  },
  {
    says: 'delete the records of devices',
    aim: ({ side }) => ({ method: 'DELETE', path: `/api/v1/devices/${side.device}` }),
    may: [FULL, OPERATIONS, HELPDESK],
    comes: 'asks',
    elsewhere: NO_DEVICE,
  },
  {
    says: 'change extension data and variables of devices',
    aim: ({ side }) => ({
      method: 'PUT',
      path: `/api/v1/devices/${side.device}/extension-data`,
      body: { extensionData: { AssetTag: randomUUID() } },
    }),
    may: [FULL, OPERATIONS, HELPDESK],
    elsewhere: NO_DEVICE,
  },
  {
    says: 'say whose device one is: it gets what is meant for that user',
    aim: ({ side, user }) => ({
      method: 'PUT',
      path: `/api/v1/devices/${side.device}/users/${user}`,
      body: { isPrimary: true },
    }),
    may: [FULL, OPERATIONS, HELPDESK],
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'make enrolment links: foreign devices come in, and get what is meant for all',
    aim: () => post('/api/v1/enrollment-links', { maxUses: 2 }),
    may: [FULL, OPERATIONS, INFRASTRUCTURE],
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'make and change collections: their members get what is deployed to them',
    aim: ({ side }) =>
      post('/api/v1/collections', {
        kind: 'device',
        name: randomUUID(),
        limitingId: side.root,
        rules: [],
      }),
    may: [FULL, OPERATIONS, APPLICATION],
    elsewhere: NO_COLLECTION,
  },
  {
    says: 'make configuration items, applications and packages',
    aim: () => post('/api/v1/configuration-items', itemOf(randomUUID())),
    may: [FULL, OPERATIONS, COMPLIANCE, APPLICATION],
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'deploy to a collection of at most 500 members',
    aim: async (aim) => {
      const collection = isInside(aim) ? aim.many.collection : aim.side.collection;
      return post('/api/v1/deployments', await newDeployment(aim, collection));
    },
    may: [FULL, OPERATIONS, COMPLIANCE, APPLICATION],
    comes: '2000, then asks',
    devices: 500,
    elsewhere: NO_COLLECTION,
  },
  {
    says: 'change what is deployed to at most 500 devices already',
    aim: ({ many }) => ({
      method: 'PATCH',
      path: `/api/v1/configuration-items/${many.item}`,
      body: { content: itemOf('many', randomUUID()).content },
    }),
    may: [FULL, OPERATIONS, COMPLIANCE, APPLICATION],
    comes: '2000, then asks',
    devices: 500,
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'move at most 500 devices into a collection that something is deployed to',
    aim: async (aim) => {
      const limitingId = aim.side.root;
      const about = { kind: 'device', name: randomUUID(), limitingId, rules: [] };
      const { id } = await aim.site.made('POST', '/api/v1/collections', about);
      await aim.site.made('POST', '/api/v1/deployments', await newDeployment(aim, id));
      return post(`/api/v1/collections/${id}/direct-rules`, { resourceIds: aim.many.devices });
    },
    may: [FULL, OPERATIONS, APPLICATION],
    comes: '2000, then asks',
    devices: 500,
    elsewhere: NO_COLLECTION,
  },
  {
    says: 'deploy to a larger collection',
    aim: async (aim) => post('/api/v1/deployments', await newDeployment(aim, 'SMS00001')),
    may: [FULL, OPERATIONS, COMPLIANCE, APPLICATION],
    comes: 'asks',
    limited: NO_COLLECTION,
  },
  {
    says: 'write scripts, which run nowhere before a second person has approved them',
    aim: () => post('/api/v1/scripts', newScript()),
    may: [FULL, OPERATIONS, COMPLIANCE],
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'approve a script that one wrote',
    aim: async ({ site, owner }) => {
      const { json } = await site.send('POST', '/api/v1/scripts', owner.token, newScript());
      const { id = randomUUID() } = json as { readonly id?: string };
      return post(`/api/v1/scripts/${id}/approve`, {});
    },
    may: [],
    codes: { [FULL]: 'ESP_SCRIPT_OWN', [OPERATIONS]: 'ESP_SCRIPT_OWN' },
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'run an approved script on at most 50 devices at once',
    aim: (aim) =>
      post(`/api/v1/scripts/${aim.many.script}/run`, {
        deviceIds: isInside(aim) ? aim.many.devices.slice(0, 50) : [aim.side.device],
      }),
    may: [FULL, OPERATIONS],
    comes: '200, then asks',
    devices: 50,
    elsewhere: NO_DEVICE,
  },
  {
    says: 'run an approved script on more devices',
    aim: ({ many }) => post(`/api/v1/scripts/${many.script}/run`, { deviceIds: many.devices.slice(0, 51) }),
    may: [FULL, OPERATIONS],
    comes: 'asks',
  },
  {
    says: 'make a token for oneself, good for a year',
    aim: () => post('/api/v1/tokens', { name: 'another', scopes: ['devices:read'], expiresInDays: 366 }),
    may: everybody,
  },
  {
    says: 'make a token for somebody else, of rights that one has',
    aim: ({ other }) =>
      post('/api/v1/tokens', {
        name: 'a foreign one',
        scopes: ['devices:read'],
        administratorId: other.id,
      }),
    may: [FULL, SECURITY],
    limited: SCOPE_MISSING,
  },
  {
    says: 'make administrators without any role',
    aim: () => post('/api/v1/administrators', { name: randomUUID() }),
    may: [FULL, SECURITY],
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'make Read-only Analysts and Auditors',
    aim: assign(ANALYST),
    may: [FULL, SECURITY],
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'make Full Administrators',
    aim: assign(FULL),
    may: [FULL],
    codes: { [SECURITY]: 'ESP_ADMINISTRATOR_BEYOND_OWN' },
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'give an identity to a Full Administrator, to sign in with it',
    aim: async (aim) => ({
      method: 'PUT',
      path: `/api/v1/administrators/${(await somebody(aim, FULL)).id}/identities`,
      body: { identities: [`kerberos:${randomUUID()}@CORP`] },
    }),
    may: [FULL],
    codes: { [SECURITY]: 'ESP_ADMINISTRATOR_BEYOND_OWN' },
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'disable administrators, all but the last Full Administrator',
    aim: async (aim) => {
      const { id } = await somebody(aim, FULL);
      const body = { name: id, displayName: '', isEnabled: false };
      return { method: 'PUT', path: `/api/v1/administrators/${id}`, body };
    },
    may: [FULL, SECURITY],
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'change what needs an approval',
    aim: () => ({
      method: 'PUT',
      path: '/api/v1/approval-policies/erase',
      body: { required: false, threshold: 0, expiryHours: 1, hourlyCap: 1_000 },
    }),
    may: [FULL, SECURITY],
    comes: 'asks',
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'approve what somebody else asked for',
    aim: async (aim) => post(`/api/v1/approvals/${await asked(aim, aim.other)}/approve`, {}),
    may: [FULL, OPERATIONS],
    limited: NOT_FOR_LIMITED,
  },
  {
    says: 'approve what one asked for oneself',
    aim: async (aim) => {
      const own = aim.side.enrollment === aim.site.inside.enrollment ? aim.owner : aim.other;
      const mine = await asked(aim, own);
      return post(`/api/v1/approvals/${mine === 'undefined' ? randomUUID() : mine}/approve`, {});
    },
    may: [],
    codes: { [FULL]: 'ESP_APPROVAL_OWN', [OPERATIONS]: 'ESP_APPROVAL_OWN' },
    limited: NOT_FOR_LIMITED,
  },
];

const cellOf = (outcome: Outcome): string => (outcome === 'no' ? '–' : String(outcome));

/** The table of docs/security.md: its cells, line by line, the head first. */
export const promised: readonly (readonly string[])[] = [
  ['a thief wants to', ...roles.map(({ name }) => name), 'Full Administrator of one collection'],
  ...wishes.map((wish) => [
    wish.says,
    ...roles.map(({ id }) => cellOf(outcomeFor(wish, id))),
    cellOf(limitedOutcome(wish)),
  ]),
];
