import { createPrivateKey, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { Readable } from 'node:stream';
import { createSignedData } from '@espalier/cms';
import { isEspalierError } from '@espalier/contracts';
import type { DeviceRequest, DeviceResponse } from '@espalier/dmz-link';
import { buildCheckin, buildReport, parseCommandPayload, type CommandPayload } from '@espalier/mdm-protocol';
import type { PlistInputDict } from '@espalier/plist';
import { createOutbox, type Database } from '@espalier/persistence';
import { createKeyring, type Keyring } from '@espalier/secrets';
import { createLogger, createMetrics } from '@espalier/service-kit';
import { createCertificate, createSelfSigned, parseCertificate } from '@espalier/x509';
import { buildRooms, type MdmRooms, type MdmSurroundings } from './mdm.rooms.js';

export const TOPIC = 'com.apple.mgmt.External.spec';
const HOUR = 3_600_000;

/** RSA keys are slow to make: all devices of a spec file share one, and have a certificate each. */
const ca = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const deviceKey = generateKeyPairSync('rsa', { modulusLength: 2048 });

export const scepCa = {
  key: ca.privateKey,
  certificate: parseCertificate(
    createSelfSigned({
      subject: { CN: 'Spec CA' },
      key: ca.privateKey,
      notBefore: new Date(Date.now() - HOUR),
      notAfter: new Date(Date.now() + 1_000 * HOUR),
      extensions: { basicConstraints: { ca: true }, keyUsage: ['keyCertSign', 'crlSign'] },
    }),
  ),
};

/** What a route answered, errors included. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
  /** Code of the error that was thrown. */
  readonly code?: string;
}

/** The rooms of mdm on a database, with a clock that specs set. */
export class MdmHarness {
  readonly rooms: MdmRooms;
  readonly vault: Keyring = createKeyring([{ id: 'k1', key: Buffer.alloc(32, 7) }], 'k1');
  now = new Date();

  constructor(
    readonly db: Database,
    overrides: Partial<Pick<MdmSurroundings, 'apns' | 'relay' | 'random'>> & {
      readonly settings?: Partial<MdmSurroundings['settings']>;
    } = {},
  ) {
    this.rooms = buildRooms({
      db,
      outbox: createOutbox(db),
      relay: overrides.relay ?? { nudge: () => undefined },
      apns: overrides.apns ?? {
        topic: TOPIC,
        push: () => Promise.reject(new Error('nothing is pushed in this spec')),
      },
      vault: this.vault,
      scepCa,
      profileSigner: {
        certificate: scepCa.certificate.raw,
        key: createPrivateKey(scepCa.key.export({ type: 'pkcs8', format: 'pem' })),
      },
      trustedCertificates: [],
      settings: {
        organization: 'Spec',
        site: 'SPC',
        deviceUrl: 'https://mdm.example.org',
        signMessage: false,
        identityDays: 365,
        challengeSeconds: 600,
        pushRetrySeconds: [60, 300],
        retentionDays: 30,
        inventoryHours: 0,
        ...overrides.settings,
      },
      logger: createLogger({ service: 'mdm', replica: 'spec', level: 'silent' }),
      metrics: createMetrics('mdm'),
      now: () => this.now,
      ...(overrides.random !== undefined && { random: overrides.random }),
    });
  }

  /** Sends a request to the route that serves the path. */
  async send(
    method: string,
    target: string,
    body: Buffer = Buffer.alloc(0),
    extra: { readonly headers?: Record<string, string>; readonly clientCertificate?: Buffer } = {},
  ): Promise<Answer> {
    const url = new URL(target, 'https://mdm.example.org');
    const route = this.rooms.routes.find(({ prefix }) =>
      prefix.endsWith('/') ? url.pathname.startsWith(prefix) : url.pathname === prefix,
    );
    if (route === undefined) throw new Error(`no route serves ${target}`);
    const request: DeviceRequest = {
      method,
      path: url.pathname,
      query: url.searchParams,
      headers: extra.headers ?? {},
      clientCertificate: extra.clientCertificate,
      clientVerify: extra.clientCertificate === undefined ? 'none' : 'ok',
      remoteAddress: '192.0.2.1',
      requestId: randomUUID().replaceAll('-', ''),
      body: () => Promise.resolve(body),
      stream: Readable.from([body]),
      signal: new AbortController().signal,
    };
    try {
      const response: DeviceResponse = await route.handle(request);
      return {
        status: response.status,
        body: Buffer.from((response.body as Buffer | string | undefined) ?? ''),
      };
    } catch (error) {
      if (!isEspalierError(error)) throw error;
      return { status: error.status, body: Buffer.from(JSON.stringify(error.toBody())), code: error.code };
    }
  }

  /** Subjects and payloads of everything in the outbox, oldest first. */
  async events(): Promise<{ subject: string; payload: Record<string, unknown> }[]> {
    const rows = await this.db.query<{ subject: string; payload: string }>(
      'SELECT subject, payload FROM {outbox} ORDER BY sequence',
    );
    return rows.map(({ subject, payload }) => ({
      subject: subject.replace('esp.v1.evt.', ''),
      payload: JSON.parse(payload) as Record<string, unknown>,
    }));
  }

  /** Submits DeviceInformation to devices; gives the ids of the queued commands. */
  async submit(devices: readonly SpecDevice[], priority = 0): Promise<string[]> {
    const { commands } = await this.rooms.rpc.commands.submit({
      requestId: randomUUID(),
      enrollmentIds: devices.map((device) => device.udid),
      command: { requestType: 'DeviceInformation', arguments: {}, raw: false },
      priority,
      push: true,
      createdBy: 'spec',
      onInactive: 'refuse' as const,
    });
    return commands.map((command) => command.id);
  }
}

/** A device that speaks to the rooms directly, by signed messages. */
export class SpecDevice {
  readonly certificate: Buffer;

  constructor(
    readonly harness: MdmHarness,
    readonly udid: string = randomUUID().toUpperCase(),
    options: { readonly key?: KeyObject; readonly notAfter?: Date; readonly certificate?: Buffer } = {},
  ) {
    this.certificate =
      options.certificate ??
      createCertificate({
        subject: { CN: udid },
        issuer: scepCa.certificate,
        publicKey: options.key ?? deviceKey.publicKey,
        signingKey: scepCa.key,
        notBefore: new Date(Date.now() - 2 * HOUR),
        notAfter: options.notAfter ?? new Date(Date.now() + HOUR),
        extensions: { extendedKeyUsage: ['clientAuth'] },
      });
  }

  signature(body: Buffer): string {
    const signer = { certificate: this.certificate, key: deviceKey.privateKey };
    return createSignedData({ content: body, detached: true, signer }).toString('base64');
  }

  async put(path: string, body: Buffer, type?: string): Promise<Answer> {
    const headers = {
      'mdm-signature': this.signature(body),
      ...(type !== undefined && { 'content-type': type }),
    };
    return this.harness.send('PUT', path, body, { headers });
  }

  checkin(body: Buffer): Promise<Answer> {
    return this.put('/mdm/checkin', body, 'application/x-apple-aspen-mdm-checkin');
  }

  authenticate(topic = TOPIC): Promise<Answer> {
    return this.checkin(
      buildCheckin({
        messageType: 'Authenticate',
        enrollment: { udid: this.udid },
        topic,
        deviceName: 'Spec Mac',
        model: 'Mac15,3',
        productName: 'Mac15,3',
        serialNumber: `S${this.udid.slice(0, 9)}`,
        osVersion: '15.1',
      }),
    );
  }

  tokenUpdate(extra: { readonly unlockToken?: Buffer; readonly token?: Buffer } = {}): Promise<Answer> {
    return this.checkin(
      buildCheckin({
        messageType: 'TokenUpdate',
        enrollment: { udid: this.udid },
        topic: TOPIC,
        pushMagic: 'canary-magic',
        token: extra.token ?? Buffer.alloc(32, 1),
        ...(extra.unlockToken !== undefined && { unlockToken: extra.unlockToken }),
      }),
    );
  }

  checkOut(): Promise<Answer> {
    return this.checkin(buildCheckin({ messageType: 'CheckOut', enrollment: { udid: this.udid } }));
  }

  /** Sends a DeclarativeManagement message. */
  declarative(endpoint: string, data?: Buffer): Promise<Answer> {
    return this.checkin(
      buildCheckin({
        messageType: 'DeclarativeManagement',
        enrollment: { udid: this.udid },
        endpoint,
        ...(data !== undefined && { data }),
      }),
    );
  }

  async enroll(): Promise<this> {
    for (const answer of [await this.authenticate(), await this.tokenUpdate()])
      if (answer.status !== 200) throw new Error(`enrolment failed: ${answer.body.toString()}`);
    return this;
  }

  async report(
    status: 'Idle' | 'Acknowledged' | 'Error' | 'CommandFormatError' | 'NotNow',
    commandUuid?: string,
    result: PlistInputDict = {},
  ): Promise<{ answer: Answer; command: CommandPayload | undefined }> {
    const body = buildReport({
      enrollment: { udid: this.udid },
      status,
      ...(commandUuid !== undefined && { commandUuid }),
      result,
    });
    const answer = await this.put('/mdm/connect', body);
    return {
      answer,
      command:
        answer.body.length === 0 || answer.status !== 200 ? undefined : parseCommandPayload(answer.body),
    };
  }

  /** The id of the next command that a poll gives. */
  async next(): Promise<string | undefined> {
    return (await this.report('Idle')).command?.commandUuid;
  }
}
