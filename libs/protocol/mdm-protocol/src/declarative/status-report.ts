import { MdmProtocolError } from '../mdm-protocol.error.js';
import { declarationKinds, type DeclarationKind } from './declaration.js';
import { isJsonObject, keyOf, readJsonObject, type JsonObject } from './json.reader.js';

/** Why a declaration stands as it does. */
export interface StatusReason {
  readonly code: string;
  readonly description?: string;
}

/** How one declaration stands on a device. */
export interface DeclarationState {
  readonly kind: DeclarationKind;
  readonly identifier: string;
  readonly serverToken: string;
  readonly active: boolean;
  readonly valid: 'valid' | 'invalid' | 'unknown';
  readonly reasons: readonly StatusReason[];
}

/** What a device sends to the endpoint `status`, as far as it is about declarations. */
export interface StatusReport {
  /** True: what is not named is not there (Apple: the safety sync, about once a day). */
  readonly full: boolean;
  /** Absent where the report is about other things only. */
  readonly declarations?: readonly DeclarationState[];
}

const statusKeys: Readonly<Record<DeclarationKind, string>> = {
  activation: 'activations',
  asset: 'assets',
  configuration: 'configurations',
  management: 'management',
};

/** Bounds of a report; what is beyond them is refused, or cut where it is text for people. */
const mostBytes = 1024 * 1024;
const mostDeclarations = 1_000;
const longestName = 128;
const longestDescription = 500;
const mostReasons = 5;

/**
 * Reads a status report. Items without an identifier are passed over, and what is said of one in a way that is not
 * known counts as unknown: a device that is ahead of this server must not be refused.
 *
 * @throws MdmProtocolError if it is not JSON, has no StatusItems, or is larger than any device's
 */
export function parseStatusReport(data: Uint8Array): StatusReport {
  const report = readJsonObject(data, 'Data', mostBytes);
  const items = keyOf(report, 'StatusItems');
  if (!isJsonObject(items)) throw new MdmProtocolError('is not an object', 'StatusItems');
  const full = keyOf(report, 'FullReport') === true;
  const management = keyOf(items, 'management');
  const lists = isJsonObject(management) ? keyOf(management, 'declarations') : undefined;
  if (!isJsonObject(lists)) return { full };
  const told = declarationKinds.flatMap((kind) => {
    const list = keyOf(lists, statusKeys[kind]);
    return Array.isArray(list) ? list.map((item: unknown) => ({ kind, item })) : [];
  });
  if (told.length > mostDeclarations)
    throw new MdmProtocolError(
      `names more than ${mostDeclarations} items`,
      'StatusItems.management.declarations',
    );
  return { full, declarations: told.flatMap(({ kind, item }) => readState(kind, item)) };
}

/** Builds what a device sends; the inverse of {@link parseStatusReport}. For simulators and tests. */
export function buildStatusReport(report: StatusReport): Buffer {
  const lists = declarationKinds.map((kind) => [
    statusKeys[kind],
    (report.declarations ?? [])
      .filter((state) => state.kind === kind)
      .map((state) => ({
        identifier: state.identifier,
        'server-token': state.serverToken,
        active: state.active,
        valid: state.valid,
        ...(state.reasons.length > 0 && { reasons: state.reasons }),
      })),
  ]);
  const management = { declarations: Object.fromEntries(lists) as JsonObject };
  return Buffer.from(
    JSON.stringify({
      StatusItems: report.declarations === undefined ? {} : { management },
      Errors: [],
      ...(report.full && { FullReport: true }),
    }),
    'utf8',
  );
}

function readState(kind: DeclarationKind, item: unknown): DeclarationState[] {
  if (!isJsonObject(item)) return [];
  const identifier = keyOf(item, 'identifier');
  if (typeof identifier !== 'string' || identifier === '' || identifier.length > longestName) return [];
  const valid = keyOf(item, 'valid');
  const reasons = keyOf(item, 'reasons');
  return [
    {
      kind,
      identifier: plain(identifier),
      serverToken: textOr('', keyOf(item, 'server-token'), longestName),
      active: keyOf(item, 'active') === true,
      valid: valid === 'valid' || valid === 'invalid' ? valid : 'unknown',
      reasons: Array.isArray(reasons) ? reasons.slice(0, mostReasons).flatMap(readReason) : [],
    },
  ];
}

function readReason(reason: unknown): StatusReason[] {
  if (!isJsonObject(reason)) return [];
  const description = keyOf(reason, 'description');
  return [
    {
      code: textOr('unknown', keyOf(reason, 'code'), longestName),
      ...(typeof description === 'string' && { description: textOr('', description, longestDescription) }),
    },
  ];
}

function textOr(otherwise: string, value: unknown, longest: number): string {
  return typeof value === 'string' ? plain(value.slice(0, longest)) : otherwise;
}

/** Without what neither databases nor logs take. */
function plain(text: string): string {
  return text.toWellFormed().replaceAll(/\p{Cc}/gu, ' ');
}
