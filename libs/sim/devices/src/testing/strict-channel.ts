import { randomUUID } from 'node:crypto';
import { createPublicKeyCache, verifySignedData } from '@espalier/cms';
import {
  encodeCommand,
  mdmMessageKind,
  parseCheckin,
  parseCommandReport,
  resolveEnrollment,
  salvageReport,
  type AuthenticateMessage,
  type CommandReport,
  type MdmCommand,
  type TokenUpdateMessage,
} from '@espalier/mdm-protocol';
import { checkIssued, fingerprint, parseCertificate, type Certificate } from '@espalier/x509';
import { StrictDeclarations } from './strict-declarations.js';
import type { Answer } from './strict-scep.js';

interface QueuedCommand {
  readonly commandUuid: string;
  readonly command: MdmCommand;
  /** Put off: offered again at the next Idle only. */
  deferred: boolean;
}

/** A device, or a user channel of one, as the server knows it. */
export interface StrictEnrollment {
  readonly authenticate: AuthenticateMessage;
  /** Hex SHA-256 of the certificate that it is pinned to. */
  readonly fingerprint: string;
  tokenUpdate?: TokenUpdateMessage;
  tokenUpdates: number;
  checkedOut: boolean;
  readonly queue: QueuedCommand[];
}

/** A result that the server got, in the order of arrival; repeats included. */
export interface ReceivedResult {
  /** The enrolment: UDID, or UDID:UserID of a user channel. */
  readonly udid: string;
  readonly commandUuid: string;
  readonly status: string;
  readonly body: Buffer;
  /** Missing where the body is no report. */
  readonly report?: CommandReport;
}

export interface ChannelRequest {
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Buffer;
  /** DER of the TLS client certificate. */
  readonly clientCertificate: Buffer | undefined;
}

/** Check-in and command channel: identities are verified and pinned. */
export class StrictChannel {
  readonly declarations = new StrictDeclarations();
  /** By UDID; user channels by UDID:UserID. */
  readonly enrollments = new Map<string, StrictEnrollment>();
  readonly results: ReceivedResult[] = [];
  idles = 0;
  /** How the last message proved its sender. */
  lastProof: 'signature' | 'mtls' | undefined;
  readonly #keys = createPublicKeyCache(10_000);

  constructor(
    private readonly ca: Certificate,
    private readonly topic: string,
  ) {}

  /** Queues a command for a device; its CommandUUID. */
  enqueue(udid: string, command: MdmCommand, commandUuid: string = randomUUID()): string {
    this.of(udid).queue.push({ commandUuid, command, deferred: false });
    return commandUuid;
  }

  of(udid: string): StrictEnrollment {
    const enrollment = this.enrollments.get(udid);
    if (enrollment === undefined) throw new Error(`${udid} is not enrolled`);
    return enrollment;
  }

  answer(request: ChannelRequest): Answer {
    const print = this.#identify(request);
    const type = request.headers['content-type'];
    if (typeof type !== 'string') return refuse('no content type');
    return mdmMessageKind(type) === 'checkin'
      ? this.#checkIn(request.body, print)
      : this.#command(request.body, print);
  }

  #identify({ headers, body, clientCertificate }: ChannelRequest): string {
    const signature = headers['mdm-signature'];
    let der = clientCertificate;
    if (typeof signature === 'string') {
      const signedData = Buffer.from(signature, 'base64');
      const verified = verifySignedData({ signedData, content: body, publicKeyCache: this.#keys });
      if (verified.digest !== 'sha256') throw new Error(`signed with ${verified.digest}`);
      der = verified.signerCertificate;
    }
    if (der === undefined) throw new Error('no identity');
    checkIssued(parseCertificate(der), this.ca, { now: new Date() });
    this.lastProof = typeof signature === 'string' ? 'signature' : 'mtls';
    return fingerprint(der);
  }

  #checkIn(body: Buffer, print: string): Answer {
    const message = parseCheckin(body);
    const { id: udid, deviceId } = resolveEnrollment(message.enrollment);
    switch (message.messageType) {
      case 'Authenticate':
        if (message.topic !== this.topic) return refuse('topic');
        this.enrollments.set(udid, {
          authenticate: message,
          fingerprint: print,
          tokenUpdates: 0,
          checkedOut: false,
          queue: [],
        });
        return { status: 200 };
      case 'TokenUpdate': {
        if (message.topic !== this.topic) return refuse('topic');
        const enrollment = this.#enrollmentFor(udid, deviceId, print);
        enrollment.tokenUpdate = message;
        enrollment.tokenUpdates += 1;
        return { status: 200 };
      }
      case 'CheckOut':
        this.#pinned(udid, print).checkedOut = true;
        return { status: 200 };
      case 'DeclarativeManagement':
        this.#pinned(udid, print);
        return this.declarations.answer(udid, message);
      default:
        return refuse(message.messageType);
    }
  }

  #command(body: Buffer, print: string): Answer {
    const report = read(body);
    const udid = report === undefined ? this.#ownerOf(print) : resolveEnrollment(report.enrollment).id;
    const { queue } = this.#pinned(udid, print);
    if (report?.status === 'Idle') {
      this.idles += 1;
      for (const entry of queue) entry.deferred = false;
    } else this.#store(udid, queue, body, report);
    const next = queue.find(({ deferred }) => !deferred);
    if (next === undefined) return { status: 200 };
    return { status: 200, headers: { 'content-type': 'application/xml' }, body: encodeCommand(next) };
  }

  #store(udid: string, queue: QueuedCommand[], body: Buffer, report: CommandReport | undefined): void {
    const salvaged = salvageReport(body);
    const commandUuid = report?.commandUuid ?? salvaged.commandUuid ?? '';
    const status = report?.status ?? 'garbage';
    this.results.push({ udid, commandUuid, status, body, ...(report !== undefined && { report }) });
    const index = queue.findIndex((entry) => entry.commandUuid === commandUuid);
    const entry = queue[index];
    if (entry === undefined) return;
    if (status === 'NotNow') entry.deferred = true;
    else queue.splice(index, 1);
  }

  /** A user channel begins with its TokenUpdate, by the identity of its device. */
  #enrollmentFor(id: string, deviceId: string, print: string): StrictEnrollment {
    const device = this.#pinned(deviceId, print);
    const known = this.enrollments.get(id);
    if (known !== undefined) return known;
    const { authenticate, fingerprint } = device;
    const made = { authenticate, fingerprint, tokenUpdates: 0, checkedOut: false, queue: [] };
    this.enrollments.set(id, made);
    return made;
  }

  #ownerOf(print: string): string {
    return [...this.enrollments].find(([, one]) => one.fingerprint === print)?.[0] ?? '';
  }

  #pinned(udid: string, print: string): StrictEnrollment {
    const enrollment = this.of(udid);
    if (enrollment.fingerprint !== print) throw new Error(`${udid} is pinned to another certificate`);
    return enrollment;
  }
}

function read(body: Buffer): CommandReport | undefined {
  try {
    return parseCommandReport(body);
  } catch (error) {
    if (salvageReport(body).commandUuid === undefined) throw error;
    return undefined;
  }
}

function refuse(why: string): Answer {
  return { status: 400, body: why };
}
