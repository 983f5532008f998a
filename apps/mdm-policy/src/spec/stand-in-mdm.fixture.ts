import { createHash, randomUUID } from 'node:crypto';
import {
  commandCompleted,
  commonErrors,
  declarationsReported,
  deviceReported,
  enrollmentAuthenticated,
  enrollmentEnrolled,
  enrollmentRemoved,
  getCommand,
  getEnrollment,
  mdmErrors,
  mdmInterface,
  profilesReported,
  requestInventory,
  setDeclarations,
  submitCommand,
  type Declaration,
  type DeclarationStatus,
  type DeviceFacts,
  type Enrollment,
  type EventContract,
  type QueuedCommand,
} from '@espalier/contracts';
import { eventMessage, type Messaging } from '@espalier/messaging';
import type { NatsServer } from '@espalier/testing';
import type { z } from 'zod';
import { connect, Happenings, type SpecClock } from './bus.fixture.js';

interface SpecDevice {
  readonly profiles: Map<string, string>;
  declarations: readonly Declaration[];
  /** Answers at once; otherwise when the spec says so. */
  prompt: boolean;
  /** When it enrolled; now unless given. */
  readonly since?: number;
}

type Submission = z.output<typeof submitCommand.request>;
type Submitted = z.output<typeof submitCommand.response>;

const NOTHING_SAID: DeviceFacts = {
  udid: null,
  hardwareUuid: null,
  serialNumber: null,
  deviceName: null,
  hostName: null,
  localHostName: null,
  model: null,
  modelName: null,
  modelNumber: null,
  productName: null,
  platform: 'unknown',
  osVersion: null,
  buildVersion: null,
  supplementalBuildVersion: null,
  isAppleSilicon: null,
  isSupervised: null,
  timeZone: null,
  deviceCapacity: null,
  availableCapacity: null,
  batteryPercent: null,
  wifiMac: null,
  bluetoothMac: null,
  ethernetMacs: [],
  imei: null,
  phoneNumber: null,
  lastCloudBackupAt: null,
  activationLockEnabled: null,
  lostModeEnabled: null,
};

/** Stands in for mdm and its devices: answers as mdm does, with devices that do what they are told. */
export class StandInMdm extends Happenings {
  readonly devices = new Map<string, SpecDevice>();
  readonly commands: QueuedCommand[] = [];
  readonly #requests = new Map<string, { hash: string; answer: Submitted }>();
  readonly #asked = new Set<string>();
  /** How often devices were asked to compare their declarations. */
  resyncs = 0;
  /** How many calls were made, repeated ones included. */
  calls = 0;
  /** The next answer is lost on the way. */
  loseNextAnswer = false;
  /** No event tells how commands end. */
  loseCompletions = false;
  /** Declarations that no device activates for as long as their server token is this one. */
  readonly stuck = new Map<string, string>();
  /** What devices answer to InstallProfile instead of doing it. */
  refusal: string | undefined;

  private constructor(
    readonly messaging: Messaging,
    private readonly clock: SpecClock,
  ) {
    super();
    messaging.serve(submitCommand, (request) => this.#submit(request));
    messaging.serve(setDeclarations, async ({ enrollmentIds, declarations, resync = false }) => {
      const same = (id: string): boolean =>
        JSON.stringify(this.devices.get(id)?.declarations) === JSON.stringify(declarations);
      const commands = enrollmentIds
        .filter((id) => resync || !same(id))
        .map((enrollmentId) => ({ enrollmentId, id: randomUUID() }));
      if (resync) this.resyncs += commands.length;
      for (const { enrollmentId, id } of commands) await this.#declare(enrollmentId, id, declarations);
      this.happened();
      return { declarationsToken: 'token', commands, skipped: [] };
    });
    messaging.serve(requestInventory, async ({ enrollmentIds }) => {
      await this.#ask(enrollmentIds);
      this.happened();
      return { queued: enrollmentIds.length, skipped: [] };
    });
    messaging.serve(getCommand, ({ id }) => {
      const command = this.commands.find((one) => one.id === id);
      if (command === undefined) throw mdmErrors.ESP_MDM_COMMAND_UNKNOWN({ detail: id });
      return { command, result: null };
    });
    messaging.serve(getEnrollment, ({ id }) => {
      if (!this.devices.has(id)) throw mdmErrors.ESP_MDM_ENROLLMENT_UNKNOWN({ detail: id });
      return { enrollment: this.#enrollment(id), openCommands: 0 };
    });
  }

  static async start(server: NatsServer, clock: SpecClock): Promise<StandInMdm> {
    const messaging = await connect(mdmInterface, server, 'stand-in');
    const mdm = new StandInMdm(messaging, clock);
    return mdm;
  }

  publish<C extends EventContract>(
    contract: C,
    payload: z.input<C['payload']>,
    messageId?: string,
  ): Promise<unknown> {
    return this.messaging.publishOutboxMessage(
      eventMessage(contract, payload, messageId === undefined ? {} : { messageId }),
    );
  }

  get at(): number {
    return this.clock.now().getTime();
  }

  async enroll(id: string, prompt = true): Promise<void> {
    const at = this.at;
    this.devices.set(id, { profiles: new Map(), declarations: [], prompt, since: at });
    const [serialNumber, model, deviceName] = ['S1', 'Mac15,3', 'Spec Mac'];
    await this.publish(enrollmentAuthenticated, {
      id,
      at,
      serialNumber,
      model,
      deviceName,
      again: false,
      identityChanged: false,
    });
    const enrollment = this.#enrollment(id);
    await this.publish(enrollmentEnrolled, { id, deviceId: id, kind: 'device', at: at + 1, enrollment });
  }

  async remove(id: string): Promise<void> {
    this.devices.delete(id);
    await this.publish(enrollmentRemoved, { id, at: this.at });
  }

  async reportFacts(id: string, at: number, timeZone: string): Promise<void> {
    await this.publish(deviceReported, {
      enrollmentId: id,
      at,
      askedAt: at,
      facts: { ...NOTHING_SAID, platform: 'mac', timeZone },
    });
  }

  async reportProfiles(id: string, askedAt = this.at): Promise<void> {
    this.#asked.delete(id);
    const profiles = [...(this.devices.get(id)?.profiles ?? [])].map(([identifier, uuid]) => ({
      identifier,
      uuid,
      displayName: null,
      organization: null,
      managed: true,
      payloadTypes: [],
    }));
    await this.publish(profilesReported, { enrollmentId: id, at: this.at, askedAt, profiles });
  }

  /** The device answers what it has been sent, then what it was asked. */
  async connect(id: string): Promise<void> {
    for (const command of this.commands.filter((one) => one.enrollmentId === id && one.state === 'queued'))
      await this.#obey(command);
    if (this.#asked.has(id)) await this.reportProfiles(id);
  }

  async #ask(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      this.#asked.add(id);
      if (this.devices.get(id)?.prompt === true) await this.reportProfiles(id);
    }
  }

  async #submit(request: Submission): Promise<Submitted> {
    this.calls += 1;
    const hash = createHash('sha256').update(JSON.stringify(request)).digest('hex');
    const known = this.#requests.get(request.requestId);
    if (known !== undefined && known.hash !== hash)
      throw new Error('a request id was used for another request');
    const answer = known?.answer ?? this.#queue(request);
    this.#requests.set(request.requestId, { hash, answer });
    if (known === undefined)
      for (const command of answer.commands)
        if (this.devices.get(command.enrollmentId)?.prompt === true) await this.#obey(command, request);
    if (known === undefined && request.thenAsk !== undefined)
      await this.#ask(answer.commands.map(({ enrollmentId }) => enrollmentId));
    this.happened();
    if (this.loseNextAnswer) {
      this.loseNextAnswer = false;
      throw commonErrors.ESP_TIMEOUT();
    }
    const now = new Map(this.commands.map((command) => [command.id, command]));
    return { ...answer, commands: answer.commands.map((command) => now.get(command.id) ?? command) };
  }

  readonly #sent = new Map<string, Submission>();

  #queue(request: Submission): Submitted {
    const commandId = randomUUID();
    const active = request.enrollmentIds.filter((id) => this.devices.has(id));
    const commands = active.map((enrollmentId): QueuedCommand => ({
      id: randomUUID(),
      commandId,
      enrollmentId,
      requestType: request.command.requestType,
      state: 'queued',
      priority: 0,
      createdAt: this.at,
      createdBy: request.createdBy,
      pushedAt: null,
      sentAt: null,
      notNowCount: 0,
      notNowSince: null,
      completedAt: null,
      errorChain: [],
    }));
    this.commands.push(...commands);
    for (const command of commands) this.#sent.set(command.id, request);
    return { commandId, commands, skipped: request.enrollmentIds.filter((id) => !this.devices.has(id)) };
  }

  async #obey(command: QueuedCommand, request = this.#sent.get(command.id)): Promise<void> {
    const { requestType, arguments: args } = (request as Submission).command;
    const profiles = (this.devices.get(command.enrollmentId) as SpecDevice).profiles;
    const refused = requestType === 'InstallProfile' ? this.refusal : undefined;
    if (refused === undefined && requestType === 'InstallProfile') {
      const { $data } = args['Payload'] as { $data: string };
      const { identifier, uuid } = JSON.parse(Buffer.from($data, 'base64').toString()) as Record<
        string,
        string
      >;
      profiles.set(identifier as string, uuid as string);
    } else if (refused === undefined) profiles.delete(args['Identifier'] as string);
    await this.#complete(command, refused);
  }

  async #complete(command: QueuedCommand, refused?: string): Promise<void> {
    const at = this.at;
    const { id, commandId, enrollmentId, requestType, createdAt } = command;
    const state = refused === undefined ? ('acknowledged' as const) : ('error' as const);
    const errorChain =
      refused === undefined
        ? []
        : [{ code: 4001, domain: 'MCInstallationErrorDomain', description: refused }];
    const times = { pushedAt: at, sentAt: at };
    const index = this.commands.findIndex((one) => one.id === id);
    const done = { ...command, ...times, state, completedAt: at, errorChain };
    if (index >= 0) this.commands[index] = done;
    const facts = { id, commandId, enrollmentId, requestType, at, state, errorChain, createdAt, ...times };
    if (!this.loseCompletions) await this.publish(commandCompleted, facts);
  }

  async #declare(id: string, commandUuid: string, declarations: readonly Declaration[]): Promise<void> {
    const device = this.devices.get(id);
    if (device === undefined) return;
    device.declarations = declarations;
    const at = this.at;
    await this.publish(commandCompleted, {
      id: commandUuid,
      commandId: randomUUID(),
      enrollmentId: id,
      requestType: 'DeclarativeManagement',
      at,
      state: 'acknowledged',
      errorChain: [],
      createdAt: at,
      pushedAt: at,
      sentAt: at,
    });
    await this.reportDeclarations(id);
  }

  /** Everything that the device has, the configurations as `said`. */
  async reportDeclarations(id: string, said: Partial<DeclarationStatus> = {}): Promise<void> {
    const declared = this.devices.get(id)?.declarations ?? [];
    await this.publish(declarationsReported, {
      enrollmentId: id,
      at: this.at,
      full: true,
      declarations: declared.map(({ identifier, type, serverToken }) => ({
        kind: type.includes('.activation.') ? ('activation' as const) : ('configuration' as const),
        identifier,
        serverToken,
        active: this.stuck.get(identifier) !== serverToken,
        valid: 'valid' as const,
        reasons: [],
        ...said,
      })),
    });
  }

  #enrollment(id: string): Enrollment {
    const since = this.devices.get(id)?.since ?? this.at;
    return {
      id,
      kind: 'device',
      deviceId: id,
      state: 'enrolled',
      serialNumber: 'S1',
      deviceName: 'Spec Mac',
      model: 'Mac15,3',
      modelName: null,
      productName: 'Mac15,3',
      osVersion: '15.1',
      buildVersion: null,
      userShortName: null,
      push: 'ok',
      certificateFingerprint: 'f',
      certificateNotAfter: null,
      authenticatedAt: since,
      enrolledAt: since + 1,
      removedAt: null,
      lastSeenAt: null,
    };
  }
}
