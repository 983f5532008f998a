import { setTimeout as delay } from 'node:timers/promises';
import { allApiScopes, type ApiScope } from '@espalier/contracts';
import { eventMessage } from '@espalier/messaging';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import { ConsoleHarness, MdmPeer, type Answer } from '../config-proxy.fixture.js';
import {
  app,
  applications,
  device,
  enrolled,
  userEnrolled,
  type SpecMac,
} from '../resources/resource.fixture.js';

/** ResourceIds are given in the order of enrolment. */
export const FIRST_DEVICE = 16_777_219;

const macs: readonly SpecMac[] = [
  { udid: 'UDID-1', serial: 'C02AAA', name: 'Lab Mac' },
  { udid: 'UDID-2', serial: 'C02BBB', name: 'Lab Mini', osVersion: '26.1' },
  { udid: 'UDID-3', serial: 'C02CCC', name: "Ann's Mac" },
];

/** An object or a list as AdminService answers it. */
export type ODataAnswer = Answer<{
  readonly value: Record<string, unknown>[];
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly innererror: { readonly code: string };
  };
  readonly [name: string]: unknown;
}>;

/** The whole service with three Macs, one of which has a user and an application. */
export class AdminServiceHarness {
  private constructor(
    readonly nats: NatsServer,
    readonly peer: MdmPeer,
    readonly console: ConsoleHarness,
  ) {}

  /** @param settings environment variables of the service */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<AdminServiceHarness> {
    const nats = await startNatsServer();
    const peer = new MdmPeer(nats.url);
    await peer.serve();
    const harness = new AdminServiceHarness(nats, peer, await new ConsoleHarness(nats).start(settings));
    await harness.#seed();
    return harness;
  }

  async stop(): Promise<void> {
    await this.console.stop();
    await this.peer.messaging.drain(2_000);
    await this.nats.stop();
  }

  /** As the bootstrap admin. @param path after `/AdminService/` */
  admin(method: string, path: string, body?: unknown): Promise<ODataAnswer> {
    return this.send(method, path, { token: this.console.place.adminToken, body });
  }

  async as(scopes: readonly ApiScope[], method: string, path: string, body?: unknown): Promise<ODataAnswer> {
    const { secret } = await this.console.issue(scopes);
    return this.send(method, path, { token: secret, body });
  }

  send(
    method: string,
    path: string,
    options: { token?: string | undefined; body?: unknown; headers?: Record<string, string> },
  ): Promise<ODataAnswer> {
    return this.console.send(
      method,
      `/AdminService/${path.replaceAll(' ', '%20')}`,
      options,
    ) as Promise<ODataAnswer>;
  }

  /** A token of somebody who may do everything with one collection. */
  async limitedTo(collectionId: string): Promise<string> {
    const ask = async <T>(method: string, path: string, body: unknown): Promise<T> => {
      const { status, json, text } = await this.console.admin(method, path, body);
      if (status >= 300) throw new Error(text);
      return json as T;
    };
    const { id } = await ask<{ id: string }>('POST', '/api/v1/administrators', { name: 'limited' });
    await ask('PUT', `/api/v1/administrators/${id}/assignments`, {
      assignments: [{ roleId: 'full-administrator', collectionIds: [collectionId] }],
    });
    const { secret } = await ask<{ secret: string }>('POST', '/api/v1/tokens', {
      name: 'limited',
      scopes: [...allApiScopes].filter((scope) => scope !== 'tokens:admin'),
      administratorId: id,
    });
    return secret;
  }

  async names(path: string): Promise<unknown[]> {
    const { status, json, text } = await this.admin('GET', path);
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
    return json.value.map((row) => row['Name']);
  }

  /** Asks until what is answered is as wanted. */
  async until(path: string, isThere: (answer: ODataAnswer) => boolean): Promise<ODataAnswer> {
    const deadline = AbortSignal.timeout(20_000);
    for (;;) {
      const answer = await this.admin('GET', path);
      if (isThere(answer)) return answer;
      await delay(20, undefined, { signal: deadline });
    }
  }

  async #seed(): Promise<void> {
    const [first] = macs;
    if (first === undefined) return;
    const events = [
      ...macs.flatMap((mac, index) => [enrolled(mac, 1_000 + index), device(mac, 3_000 + index)]),
      userEnrolled(first, 'jane', 2_000),
      applications(first, 3_000, app('Pages', '14.1'), app('Numbers', '14.0')),
    ];
    for (const { contract, payload } of events)
      await this.peer.messaging.publishOutboxMessage(eventMessage(contract, payload));
    await this.until(
      'wmi/SMS_G_System_INSTALLED_SOFTWARE',
      ({ status, json }) => status === 200 && json.value.length === 2,
    );
    await this.until(
      "wmi/SMS_FullCollectionMembership?$filter=CollectionID eq 'SMS00001'",
      ({ json }) => json.value.length === macs.length,
    );
    await this.until('wmi/SMS_UserMachineRelationship', ({ json }) => json.value.length === 1);
  }
}
