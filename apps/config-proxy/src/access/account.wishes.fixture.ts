import { randomUUID } from 'node:crypto';
import type { RoleId } from '@espalier/contracts';
import type { SpecAdministrator } from '../reach.fixture.js';
import {
  ANALYST,
  everybody,
  FULL,
  NOT_FOR_LIMITED,
  OPERATIONS,
  post,
  reason,
  SCOPE_MISSING,
  SECURITY,
  type Aim,
  type Attempt,
  type Wish,
} from './wish.fixture.js';

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

/** What a thief wants of tokens, administrators and approvals; in the order of the page. */
export const accountWishes: readonly Wish[] = [
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
