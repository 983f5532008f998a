import { randomUUID } from 'node:crypto';
import {
  allBut,
  ANALYST,
  APPLICATION,
  COMPLIANCE,
  everybody,
  FULL,
  get,
  HELPDESK,
  INFRASTRUCTURE,
  NO_DEVICE,
  NO_ENROLLMENT,
  NOT_FOR_LIMITED,
  OPERATIONS,
  post,
  REMOTE,
  SECURITY,
  type Aim,
  type Attempt,
  type Wish,
} from './wish.fixture.js';

const send =
  (requestType: string) =>
  ({ side }: Aim): Attempt =>
    post(`/api/v1/enrollments/${side.enrollment}/commands`, { command: { requestType } });

/** What a thief wants to see, and to do to devices; in the order of the page. */
export const deviceWishes: readonly Wish[] = [
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
    says: 'see enrolment links, without what opens them, and revoke them',
    aim: async ({ site }) => ({
      method: 'DELETE',
      path: `/api/v1/enrollment-links/${(await site.made('POST', '/api/v1/enrollment-links', {})).id}`,
    }),
    may: [FULL, OPERATIONS, INFRASTRUCTURE],
    limited: NOT_FOR_LIMITED,
  },
];
