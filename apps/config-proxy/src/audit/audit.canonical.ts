import { hash as digest } from 'node:crypto';
import type { AuditCheckpoint, AuditRecord } from '@espalier/contracts';

/** `prevHash` of the first record, and the hash of an empty log. */
export const GENESIS_HASH = '0'.repeat(64);

/** A record without its hash. */
export type HashedFields = Omit<AuditRecord, 'hash'>;

/**
 * JSON as RFC 8785 (JCS) spells it: keys by UTF-16 code units, no blanks, numbers and texts as ECMAScript writes
 * them. Texts must be well-formed.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

/** The bytes, as UTF-8, that a record's hash is over. */
export function canonicalRecord(record: HashedFields): string {
  const { actor } = record;
  // Spelt out in the order of JCS: this runs for every record, written, verified or exported.
  return (
    `{"action":${JSON.stringify(record.action)}` +
    `,"actor":${actor === null ? 'null' : canonicalJson(actor)}` +
    `,"address":${JSON.stringify(record.address)}` +
    `,"approvalId":${JSON.stringify(record.approvalId)}` +
    `,"at":${record.at}` +
    `,"credentialId":${JSON.stringify(record.credentialId)}` +
    `,"details":${canonicalJson(record.details)}` +
    `,"errorCode":${JSON.stringify(record.errorCode)}` +
    `,"outcome":${JSON.stringify(record.outcome)}` +
    `,"prevHash":${JSON.stringify(record.prevHash)}` +
    `,"requestId":${JSON.stringify(record.requestId)}` +
    `,"sequence":${record.sequence}` +
    `,"targets":${canonicalJson(record.targets)}}`
  );
}

export const hashRecord = (record: HashedFields): string => digest('sha256', canonicalRecord(record), 'hex');

/** What a checkpoint says, before it is signed. */
export type CheckpointClaim = Pick<AuditCheckpoint, 'sequence' | 'hash' | 'at' | 'previous' | 'keyId'>;

/** The text, all ASCII, that a checkpoint's signature is over. */
export const checkpointText = ({ sequence, hash, at, previous, keyId }: CheckpointClaim): string =>
  `espalier-audit-checkpoint:v1:${sequence}:${hash}:${at}:${previous}:${keyId}`;

/** A record as a line of an export, without the line's end. Its canonical form stands in it as it was hashed. */
export const recordLine = ({ hash, ...fields }: AuditRecord): string =>
  `{"hash":"${hash}","record":${canonicalRecord(fields)}}`;

/** A checkpoint as a line of an export, behind the record that it covers. */
export const checkpointLine = ({ signed, signature }: AuditCheckpoint): string =>
  `{"checkpoint":"${signed}","signature":"${signature}"}`;
