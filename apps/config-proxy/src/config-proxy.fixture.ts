import { randomBytes, randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import {
  commandCompleted,
  cancelCommand,
  createEnrollmentLink,
  getCommand,
  getEnrollment,
  getEnrollmentLink,
  listCommands,
  listEnrollmentLinks,
  listEnrollments,
  mdmErrors,
  mdmInterface,
  pushEnrollment,
  revokeEnrollmentLink,
  submitCommand,
  type Actor,
  type ApiScope,
  type Enrollment,
  type EnrollmentLink,
  type PlistJson,
  type QueuedCommand,
} from '@espalier/contracts';
import { connectMessaging, eventMessage, type Messaging } from '@espalier/messaging';
import { createKeyringFile } from '@espalier/secrets';
import {
  createLogger,
  createMetrics,
  Health,
  Lifecycle,
  loadConfig,
  withBaseSettings,
} from '@espalier/service-kit';
import { testCertificate, type NatsServer, type TestIdentity } from '@espalier/testing';
import { configProxyConfig } from './config-proxy.config.js';
import { startConfigProxy, type ConfigProxyPorts } from './config-proxy.module.js';

export const silentLogger = createLogger({ service: 'spec', replica: 'spec', level: 'silent' });

/** A service of the real bus that speaks mdm's contracts from memory. */
export class MdmPeer {
  readonly messaging: Messaging;
  readonly enrollments = new Map<string, Enrollment>();
  readonly commands = new Map<string, QueuedCommand>();
  /** What devices answered, by command; `{Status: 'x'}` where nothing else is said. */
  readonly results = new Map<string, PlistJson>();
  readonly links = new Map<string, EnrollmentLink>();
  readonly byRequest = new Map<string, QueuedCommand[]>();
  /** On whose behalf requests came, newest last. */
  readonly actors: (Actor | undefined)[] = [];
  readonly createdBy: string[] = [];
  /** How long a request takes, in ms. */
  delayMs = 0;
  readonly #arrivals = new EventEmitter();

  constructor(natsUrl: string) {
    this.messaging = connectMessaging({
      service: mdmInterface,
      servers: [natsUrl],
      logger: silentLogger,
      replica: 'spec',
    });
    for (let n = 0; n < 5; n += 1) this.addDevice(`DEVICE-${n}`);
  }

  /** Answers requests; resolves when the server knows. */
  async serve(): Promise<() => Promise<void>> {
    const { messaging, enrollments, commands } = this;
    const find = (id: string): Enrollment => {
      const found = enrollments.get(id);
      if (found === undefined) throw mdmErrors.ESP_MDM_ENROLLMENT_UNKNOWN({ detail: id });
      return found;
    };
    const findCommand = (id: string): QueuedCommand => {
      const found = commands.get(id);
      if (found === undefined) throw mdmErrors.ESP_MDM_COMMAND_UNKNOWN({ detail: id });
      return found;
    };
    const findLink = (id: string): EnrollmentLink => {
      const found = this.links.get(id);
      if (found === undefined) throw mdmErrors.ESP_MDM_ENROLLMENT_LINK_UNKNOWN({ detail: id });
      return found;
    };
    const registrations = [
      messaging.serve(listEnrollments, async ({ limit, cursor, state, kind, serialNumber }, { actor }) => {
        await this.#take(actor);
        const from = cursor === undefined ? 0 : Number(cursor);
        const all = [...enrollments.values()].filter(
          (item) =>
            (state === undefined || item.state === state) &&
            (kind === undefined || item.kind === kind) &&
            (serialNumber === undefined || item.serialNumber === serialNumber),
        );
        const end = from + limit;
        return { items: all.slice(from, end), ...(end < all.length && { nextCursor: String(end) }) };
      }),
      messaging.serve(getEnrollment, ({ id }) => ({ enrollment: find(id), openCommands: 0 })),
      messaging.serve(submitCommand, async (request, { actor }) => {
        this.createdBy.push(request.createdBy);
        await this.#take(actor);
        const known = this.byRequest.get(request.requestId);
        const made = known ?? request.enrollmentIds.map((id) => this.addCommand(find(id).id, request));
        this.byRequest.set(request.requestId, made);
        return { commandId: made[0]?.commandId ?? '', commands: made, skipped: [] };
      }),
      messaging.serve(getCommand, ({ id }) => ({
        command: findCommand(id),
        result: this.results.get(id) ?? { Status: 'x' },
      })),
      messaging.serve(listCommands, ({ enrollmentId }) => ({
        items: [...commands.values()].filter((item) => item.enrollmentId === find(enrollmentId).id),
      })),
      messaging.serve(cancelCommand, ({ id }) => ({
        command: { ...findCommand(id), state: 'cancelled' as const },
      })),
      messaging.serve(pushEnrollment, ({ id }) => ({ scheduled: find(id).state === 'enrolled' })),
      messaging.serve(createEnrollmentLink, (request) => {
        const { id, maxUses, expiresAt } = this.addLink(request);
        return { id, url: 'https://dmz.example/enroll/x', maxUses, expiresAt };
      }),
      messaging.serve(listEnrollmentLinks, () => ({ items: [...this.links.values()] })),
      messaging.serve(getEnrollmentLink, ({ id }) => ({ link: findLink(id) })),
      messaging.serve(revokeEnrollmentLink, ({ id, revokedBy }) => {
        const link = { ...findLink(id), state: 'revoked' as const, revokedAt: Date.now(), revokedBy };
        this.links.set(id, link);
        return { link };
      }),
    ];
    await messaging.whenReady(10_000);
    await Promise.all(registrations.map((registration) => registration.active));
    return async () => {
      await Promise.all(registrations.map((registration) => registration.stop()));
    };
  }

  /** Resolves when so many more lists of devices and submissions were asked for. */
  async asked(count: number): Promise<void> {
    const target = this.actors.length + count;
    const signal = AbortSignal.timeout(10_000);
    while (this.actors.length < target) await once(this.#arrivals, 'asked', { signal });
  }

  addDevice(id: string): void {
    this.enrollments.set(id, {
      id,
      kind: 'device',
      deviceId: id,
      state: 'enrolled',
      serialNumber: `S-${id}`,
      deviceName: `Mac ${id}`,
      model: 'MB-1',
      modelName: 'MacBook Pro',
      productName: 'Mac16,1',
      osVersion: '26.1',
      buildVersion: '25B78',
      userShortName: null,
      push: 'ok',
      certificateFingerprint: 'ab'.repeat(32),
      certificateNotAfter: 1_900_000_000_000,
      authenticatedAt: 1_700_000_000_000,
      enrolledAt: 1_700_000_000_000,
      removedAt: null,
      lastSeenAt: null,
    });
  }

  addLink({ maxUses, createdBy = 'spec' }: { maxUses: number; createdBy?: string }): EnrollmentLink {
    const link: EnrollmentLink = {
      id: randomUUID(),
      state: 'usable',
      maxUses,
      uses: 0,
      signed: true,
      createdAt: Date.now(),
      createdBy,
      expiresAt: Date.now() + 1_000,
      revokedAt: null,
      revokedBy: null,
    };
    this.links.set(link.id, link);
    return link;
  }

  addCommand(
    enrollmentId: string,
    request: { command: { requestType: string }; priority: number; createdBy: string },
  ): QueuedCommand {
    const command: QueuedCommand = {
      id: randomUUID(),
      commandId: randomUUID(),
      enrollmentId,
      requestType: request.command.requestType,
      state: 'queued',
      priority: request.priority,
      createdAt: Date.now(),
      createdBy: request.createdBy,
      pushedAt: null,
      sentAt: null,
      notNowCount: 0,
      notNowSince: null,
      completedAt: null,
      errorChain: [],
    };
    this.commands.set(command.id, command);
    return command;
  }

  /** Publishes `command.completed`; `description` makes it as large as wanted. */
  async publishCompleted(requestType: string, description = ''): Promise<void> {
    const message = eventMessage(commandCompleted, {
      id: randomUUID(),
      commandId: randomUUID(),
      enrollmentId: 'DEVICE-0',
      requestType,
      at: Date.now(),
      state: 'acknowledged',
      createdAt: Date.now(),
      pushedAt: null,
      sentAt: null,
      errorChain: description === '' ? [] : [{ code: 1, domain: 'spec', description }],
    });
    await this.messaging.publishOutboxMessage(message);
  }

  async #take(actor: Actor | undefined): Promise<void> {
    this.actors.push(actor);
    this.#arrivals.emit('asked');
    if (this.delayMs > 0) await delay(this.delayMs);
  }
}

export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; an empty object where it is none. */
  readonly json: T;
}

/** The environment of a service of its own: folder, certificate, bootstrap token, database file. */
export class ConsolePlace {
  readonly folder = mkdtempSync(join(tmpdir(), 'espalier-console-'));
  readonly content = join(this.folder, 'content');
  readonly certFile = join(this.folder, 'console.pem');
  readonly keyFile = join(this.folder, 'console.key');
  readonly tokenFile = join(this.folder, 'admin.token');
  readonly keyringFile = join(this.folder, 'keyring.json');
  readonly adminToken = `esp_${randomBytes(32).toString('base64url')}`;
  identity: TestIdentity;

  constructor(private readonly natsUrl: string) {
    mkdirSync(this.content);
    createKeyringFile(this.keyringFile);
    writeFileSync(this.tokenFile, `${this.adminToken}\n`);
    this.identity = this.renewCertificate();
  }

  renewCertificate(): TestIdentity {
    this.identity = testCertificate('console', { names: ['localhost', '127.0.0.1'] });
    writeFileSync(this.certFile, this.identity.certificate);
    writeFileSync(this.keyFile, this.identity.key);
    return this.identity;
  }

  breakCertificate(): void {
    writeFileSync(this.keyFile, testCertificate('another').key);
  }

  env(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
    return {
      ESPALIER_REPLICA: 'spec',
      ESPALIER_LOG_LEVEL: 'silent',
      ESPALIER_MANAGEMENT_PORT: '0',
      ESPALIER_SHUTDOWN_GRACE_SECONDS: '10',
      ESPALIER_DATABASE_URL: `sqlite:${join(this.folder, 'config-proxy.sqlite')}`,
      ESPALIER_NATS_SERVERS: this.natsUrl,
      ESPALIER_KEYRING_FILE: this.keyringFile,
      ESPALIER_SITE: 'TST',
      ESPALIER_APPROVALS: 'off',
      ESPALIER_CONSOLE_HOST: '127.0.0.1',
      ESPALIER_CONSOLE_PORT: '0',
      ESPALIER_CONSOLE_CERTIFICATE_FILE: this.certFile,
      ESPALIER_CONSOLE_KEY_FILE: this.keyFile,
      ESPALIER_BOOTSTRAP_ADMIN_TOKEN_FILE: this.tokenFile,
      ESPALIER_CONTENT_HOST: '127.0.0.1',
      ESPALIER_CONTENT_PORT: '0',
      ESPALIER_CONTENT_FOLDER: this.content,
      ESPALIER_CONTENT_STORE_FOLDER: join(this.folder, 'content-store'),
      ...extra,
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The whole service in this process, on a real nats-server, with real TLS. */
export class ConsoleHarness {
  readonly place: ConsolePlace;
  readonly health = new Health();
  readonly lifecycle = new Lifecycle({ logger: silentLogger, graceMs: 10_000 });
  readonly metrics = createMetrics('config-proxy');
  readonly agent: Agent;
  ports: ConfigProxyPorts = { console: 0, content: 0 };

  constructor(nats: Pick<NatsServer, 'url'>) {
    this.place = new ConsolePlace(nats.url);
    this.agent = new Agent({ keepAlive: true, ca: this.place.identity.certificate });
  }

  async start(extra: Readonly<Record<string, string>> = {}, now?: () => Date): Promise<this> {
    const { config } = loadConfig(withBaseSettings(configProxyConfig), this.place.env(extra));
    const { metrics, health, lifecycle } = this;
    const kit = { service: 'config-proxy', config, logger: silentLogger, metrics, health, lifecycle };
    this.ports = await startConfigProxy(kit, now);
    const deadline = AbortSignal.timeout(10_000);
    while (!(await this.health.report()).ready) await delay(10, undefined, { signal: deadline });
    return this;
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    await this.lifecycle.shutdown('the spec is over');
    this.place.remove();
  }

  /** Resolves when so many listeners follow live events. */
  async waitForListeners(count: number): Promise<void> {
    const listeners = async (): Promise<number | undefined> =>
      (await this.metrics.getSingleMetric('espalier_console_event_listeners')?.get())?.values[0]?.value;
    const deadline = AbortSignal.timeout(30_000);
    while ((await listeners()) !== count) await delay(50, undefined, { signal: deadline });
  }

  /** Sends a request and resolves with the head of the answer. */
  async open(
    method: string,
    path: string,
    options: {
      token?: string | undefined;
      body?: unknown;
      headers?: RequestOptions['headers'];
      agent?: Agent | false;
    } = {},
  ): Promise<IncomingMessage> {
    const { token, body, headers, agent = this.agent } = options;
    const request = httpsRequest({
      host: '127.0.0.1',
      port: this.ports.console,
      method,
      path,
      agent,
      ca: this.place.identity.certificate,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(headers as Record<string, string> | undefined),
      },
    });
    request.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  }

  async send<T = Record<string, unknown>>(
    method: string,
    path: string,
    options: Parameters<ConsoleHarness['open']>[2] = {},
  ): Promise<Answer<T>> {
    const response = await this.open(method, path, options);
    const body = await text(response);
    const isJson = response.headers['content-type']?.includes('json') === true;
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text: body,
      json: (isJson ? JSON.parse(body) : {}) as T,
    };
  }

  /** As the bootstrap admin. */
  admin<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    return this.send<T>(method, path, { token: this.place.adminToken, ...(body !== undefined && { body }) });
  }

  async issue(scopes: readonly ApiScope[], name = 'spec'): Promise<{ id: string; secret: string }> {
    const { status, json } = await this.admin<{ token: { id: string }; secret: string }>(
      'POST',
      '/api/v1/tokens',
      { name, scopes },
    );
    if (status !== 201) throw new Error(JSON.stringify(json));
    return { id: json.token.id, secret: json.secret };
  }
}
