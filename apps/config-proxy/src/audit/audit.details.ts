import type { AuditDetail } from './audit.entry.js';

/** What every action may say of itself: none of it can be a secret. */
const ALWAYS = ['status', 'count', 'kind', 'state', 'method', 'path', 'scope', 'policy', 'reason'];

/**
 * What actions may say of themselves besides: an allow-list, so that no secret enters the log by accident. A key that
 * is not named here is left out.
 */
const OF_ACTION: Readonly<Record<string, readonly string[]>> = {
  'audit.prune': ['through'],
  'audit.head-changed': ['claimedSequence', 'lastCheckpoint'],
  'access.refused': ['minute', 'addresses'],
  submitCommands: ['requestType'],
  submitEnrollmentCommand: ['requestType'],
  submitCollectionCommand: ['requestType'],
  readCommandSecret: ['requestType'],
  createToken: ['name', 'scopes', 'expiresInDays'],
  createAdministrator: ['name'],
  assignRoles: ['roles'],
  setIdentities: ['identities'],
};

const TEXT_LENGTH = 500;

/** As every database stores it and gives it back. */
export const storable = (text: string, length: number): string =>
  text.replaceAll('\0', '').slice(0, length).toWellFormed();

/** The details of an entry that may be kept, in bounds. */
export function allowedDetails(
  action: string,
  details: Readonly<Record<string, AuditDetail>> = {},
): Record<string, AuditDetail> {
  const allowed = [...ALWAYS, ...(OF_ACTION[action] ?? [])];
  return Object.fromEntries(
    Object.entries(details)
      .filter(([key]) => allowed.includes(key))
      .map(([key, value]) => [key, bounded(value)]),
  );
}

function bounded(value: AuditDetail): AuditDetail {
  if (typeof value === 'string') return storable(value, TEXT_LENGTH);
  return typeof value === 'number' && !Number.isFinite(value) ? null : value;
}
