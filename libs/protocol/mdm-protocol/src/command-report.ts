import type { DictReader, PlistDict, PlistInputDict, PlistLimits } from '@espalier/plist';
import { enrollmentKeys, readEnrollmentIds, writeEnrollmentIds, type EnrollmentIds } from './enrollment.js';
import { MdmProtocolError } from './mdm-protocol.error.js';
import { present, readMessage, writeMessage } from './message.reader.js';

/** `Acknowledged`, `Error` and `CommandFormatError` end a command; `NotNow` keeps it. */
export type ResultStatus = 'Acknowledged' | 'Error' | 'CommandFormatError' | 'NotNow';

/** One cause of a failure, from the outermost inwards. Devices leave out parts at times. */
export interface ErrorChainItem {
  readonly code?: number;
  readonly domain?: string;
  readonly description?: string;
  readonly usEnglishDescription?: string;
}

interface ReportBase {
  readonly enrollment: EnrollmentIds;
  /** Empty unless the status is an error. */
  readonly errorChain: readonly ErrorChainItem[];
  /** What the report holds besides envelope and error chain: the answer to the command. */
  readonly result: PlistDict;
}

/** The device has nothing to report and asks for a command. */
export interface IdleReport extends ReportBase {
  readonly status: 'Idle';
  readonly commandUuid?: never;
}

/** The device reports on a command and asks for the next. */
export interface ResultReport extends ReportBase {
  readonly status: ResultStatus;
  readonly commandUuid: string;
}

/** What a device sends on the command channel. */
export type CommandReport = IdleReport | ResultReport;

const envelopeKeys: ReadonlySet<string> = new Set([...enrollmentKeys, 'Status', 'CommandUUID', 'ErrorChain']);

/**
 * Reads the body of a request on the command channel.
 *
 * @throws MdmProtocolError if it is not a property list or the envelope is wrong; {@link salvageReport} then tells
 * which command it was about, so that one undecodable report does not block the queue
 */
export function parseCommandReport(body: Uint8Array, limits?: Partial<PlistLimits>): CommandReport {
  const message = readMessage(body, limits);
  const base = {
    enrollment: readEnrollmentIds(message),
    errorChain: message.has('ErrorChain') ? message.dicts('ErrorChain').map(readErrorChainItem) : [],
    result: withoutEnvelope(message.source),
  };
  const status = message.string('Status');
  if (status === 'Idle') return { ...base, status };
  if (!isResultStatus(status)) throw new MdmProtocolError('is not a status that is known', 'Status');
  const commandUuid = message.string('CommandUUID');
  if (commandUuid === '') throw new MdmProtocolError('is empty', 'CommandUUID');
  return { ...base, status, commandUuid };
}

/** Builds the body that a device sends; the inverse of {@link parseCommandReport}. For simulators and tests. */
export function buildReport(
  report: Pick<CommandReport, 'enrollment' | 'status'> &
    Partial<Pick<ResultReport, 'commandUuid' | 'errorChain'>> & { readonly result?: PlistInputDict },
): Buffer {
  const { enrollment, status, commandUuid, errorChain = [], result = {} } = report;
  return writeMessage({
    ...writeEnrollmentIds(enrollment),
    Status: status,
    CommandUUID: commandUuid,
    ErrorChain: errorChain.length === 0 ? undefined : errorChain.map(writeErrorChainItem),
    ...result,
  });
}

/**
 * Finds the command that an undecodable report is about, by looking at the text alone: only an answer for the log
 * and for taking the command off the head of the queue of the device that the transport has authenticated.
 */
export function salvageReport(body: Uint8Array): { readonly commandUuid?: string; readonly status?: string } {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
  const find = (key: string): string | undefined => {
    const at = text.indexOf(`<key>${key}</key>`);
    if (at === -1) return undefined;
    const value = /^\s{0,64}<string>([\w.:{}-]{1,128})<\/string>/.exec(
      text.slice(at + key.length + 11, at + key.length + 256),
    );
    return value?.[1];
  };
  return present({ commandUuid: find('CommandUUID'), status: find('Status') });
}

function isResultStatus(status: string): status is ResultStatus {
  return (
    status === 'Acknowledged' || status === 'NotNow' || status === 'Error' || status === 'CommandFormatError'
  );
}

function withoutEnvelope(message: PlistDict): PlistDict {
  const result = Object.create(null) as PlistDict;
  for (const key in message) {
    const value = message[key];
    if (value !== undefined && !envelopeKeys.has(key)) result[key] = value;
  }
  return result;
}

function readErrorChainItem(item: DictReader): ErrorChainItem {
  return present<ErrorChainItem>({
    code: item.optionalInteger('ErrorCode'),
    domain: item.optionalString('ErrorDomain'),
    description: item.optionalString('LocalizedDescription'),
    usEnglishDescription: item.optionalString('USEnglishDescription'),
  });
}

function writeErrorChainItem(item: ErrorChainItem): PlistInputDict {
  return {
    ErrorCode: item.code,
    ErrorDomain: item.domain,
    LocalizedDescription: item.description,
    USEnglishDescription: item.usEnglishDescription,
  };
}
