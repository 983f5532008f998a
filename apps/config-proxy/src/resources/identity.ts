/**
 * What tells devices apart. Sources know different parts: MDM a UDID, a serial number and, later, the hardware UUID;
 * a Mac client its SMSID, serial number and hardware UUID.
 */
export interface IdentityEvidence {
  readonly smsid: string | null;
  readonly hardwareUuid: string | null;
  readonly udid: string | null;
  readonly serialNumber: string | null;
}

export type ResourceState = 'active' | 'obsolete' | 'decommissioned';

/** What the rules look at in a record. */
export interface IdentityRecord extends IdentityEvidence {
  readonly resourceId: number;
  readonly state: ResourceState;
  /** Newest enrolment; null: never enrolled. */
  readonly enrolledAt: number | null;
  readonly decommissionedAt: number | null;
}

/** Not serial numbers, although devices (virtual ones above all) give them as such. */
const PLACEHOLDERS = new Set([
  '',
  '0',
  'NONE',
  'N/A',
  'UNKNOWN',
  'NOT AVAILABLE',
  'SYSTEM SERIAL#',
  'TO BE FILLED BY O.E.M.',
]);
const LONGEST = { smsid: 64, hardwareUuid: 64, udid: 128, serialNumber: 64 } as const;

/** Evidence as it is compared and stored: upper case, without blanks, placeholders and what is too long to be one. */
export function identityEvidence(raw: {
  readonly [K in keyof IdentityEvidence]?: string | null | undefined;
}): IdentityEvidence {
  const read = (key: keyof IdentityEvidence): string | null => {
    const value = (raw[key] ?? '').trim().toUpperCase().toWellFormed();
    return PLACEHOLDERS.has(value) || value.length > LONGEST[key] || /\p{Cc}/u.test(value) ? null : value;
  };
  return {
    smsid: read('smsid'),
    hardwareUuid: read('hardwareUuid'),
    udid: read('udid'),
    serialNumber: read('serialNumber'),
  };
}

const same = (a: string | null, b: string | null): boolean => a !== null && a === b;
const differ = (a: string | null, b: string | null): boolean => a !== null && b !== null && a !== b;
const otherHardware = (a: IdentityEvidence, b: IdentityEvidence): boolean =>
  differ(a.hardwareUuid, b.hardwareUuid) || differ(a.udid, b.udid);

/**
 * The record that evidence belongs to, of those that share some of it; undefined: a new device. In this order:
 * 1. the same SMSID, unless the hardware is another (a copied disk);
 * 2. the same hardware UUID or UDID, unless the serial number is another (copied virtual machines);
 * 3. the same serial number, unless the hardware is another: a new logic board makes a new record, since its keys,
 *    enrolment and escrowed secrets are new too. {@link settleStates} then retires the older one.
 * Of several, one that is not obsolete, then that with the newest enrolment.
 * An enrolment that is known needs no rule: it stays with its record, so a wiped device comes back as itself.
 */
export function matchRecord<R extends IdentityRecord>(
  evidence: IdentityEvidence,
  records: readonly R[],
): R | undefined {
  const rules: readonly ((record: R) => boolean)[] = [
    (record) => same(record.smsid, evidence.smsid) && !otherHardware(record, evidence),
    (record) =>
      (same(record.hardwareUuid, evidence.hardwareUuid) || same(record.udid, evidence.udid)) &&
      !differ(record.serialNumber, evidence.serialNumber),
    (record) => same(record.serialNumber, evidence.serialNumber) && !otherHardware(record, evidence),
  ];
  for (const rule of rules) {
    const matches = records.filter(rule).toSorted(newestFirst);
    const found = matches.find(({ state }) => state !== 'obsolete') ?? matches[0];
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The states of records that share a serial number: the one that enrolled last is the device, the others are
 * obsolete and keep their history. A record that was decommissioned since its last enrolment stays so.
 */
export function settleStates(records: readonly IdentityRecord[]): ReadonlyMap<number, ResourceState> {
  const [winner, ...others] = records.toSorted(newestFirst);
  const states = new Map<number, ResourceState>(others.map(({ resourceId }) => [resourceId, 'obsolete']));
  if (winner !== undefined)
    states.set(winner.resourceId, isDecommissioned(winner) ? 'decommissioned' : 'active');
  return states;
}

const isDecommissioned = ({ decommissionedAt, enrolledAt }: IdentityRecord): boolean =>
  decommissionedAt !== null && decommissionedAt >= (enrolledAt ?? 0);

const newestFirst = (a: IdentityRecord, b: IdentityRecord): number =>
  (b.enrolledAt ?? 0) - (a.enrolledAt ?? 0) || b.resourceId - a.resourceId;
