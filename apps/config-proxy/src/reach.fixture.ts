import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiScope, RoleId } from '@espalier/contracts';
import { insertRows, openDatabase, type Database } from '@espalier/persistence';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import { ConsoleHarness, MdmPeer, silentLogger, type Answer } from './config-proxy.fixture.js';
import { mobileconfig } from './library/library.fixture.js';
import { configProxyMigrations } from './migrations/index.js';
import { findRole } from './roles/role.catalogue.js';

/** Things of one kind of place: in the reach of somebody, or out of it. */
export interface Side {
  readonly device: number;
  readonly enrollment: string;
  /** Of which somebody's role is limited to the inner one. */
  readonly root: string;
  /** Limited by `root`. */
  readonly collection: string;
  readonly deployment: string;
  readonly command: string;
}

export interface SpecAdministrator {
  readonly id: string;
  readonly token: string;
  readonly tokenId: string;
}

const FIRST_DEVICE = 16_777_219;

/** A console door on a site with two devices, each with collections, a deployment and a command of its own. */
export class ReachHarness {
  readonly nats: NatsServer;
  readonly peer: MdmPeer;
  readonly console: ConsoleHarness;
  readonly db: Database;
  inside!: Side;
  outside!: Side;

  private constructor(nats: NatsServer) {
    this.nats = nats;
    this.peer = new MdmPeer(nats.url);
    this.console = new ConsoleHarness(nats);
    this.db = openDatabase({
      url: `sqlite:${join(this.console.place.folder, 'config-proxy.sqlite')}`,
      schema: 'config_proxy',
      migrations: configProxyMigrations,
      logger: silentLogger,
    });
  }

  static async start(...options: Parameters<ConsoleHarness['start']>): Promise<ReachHarness> {
    const harness = new ReachHarness(await startNatsServer());
    await harness.peer.serve();
    await harness.console.start(...options);
    harness.inside = await harness.#side('inside', FIRST_DEVICE, 'DEVICE-0');
    harness.outside = await harness.#side('outside', FIRST_DEVICE + 1, 'DEVICE-1');
    return harness;
  }

  async stop(): Promise<void> {
    await this.db.close();
    await this.console.stop();
    await this.peer.messaging.drain(2_000);
    await this.nats.stop();
  }

  /** An administrator with a role for the whole site or for one collection, and a token of theirs. */
  async administrator(
    name: string,
    roleId: RoleId,
    collectionId: string | null,
    scopes: readonly ApiScope[] = findRole(roleId)?.scopes ?? [],
  ): Promise<SpecAdministrator> {
    const { id } = await this.made('POST', '/api/v1/administrators', { name });
    const collectionIds = collectionId === null ? null : [collectionId];
    await this.made('PUT', `/api/v1/administrators/${id}/assignments`, {
      assignments: [{ roleId, collectionIds }],
    });
    const { secret, token } = await this.made('POST', '/api/v1/tokens', {
      name,
      scopes,
      administratorId: id,
    });
    return { id, token: secret, tokenId: token.id };
  }

  send(method: string, path: string, token: string, body?: unknown, headers = {}): Promise<Answer> {
    return this.console.send(method, path, { token, body, headers });
  }

  async #side(name: string, device: number, enrollment: string): Promise<Side> {
    await this.#devices([[device, name]]);
    await this.enroll(enrollment, device);
    const root = await this.#collection(name, 'SMS00001', [device]);
    const collection = await this.#collection(`${name} below`, root, [device]);
    const { id: thingId } = (await this.made('POST', '/api/v1/configuration-items', itemOf(name))).item;
    const deployment = await this.made('POST', '/api/v1/deployments', {
      thingKind: 'configuration-item',
      thingId,
      collectionId: collection,
      intent: 'required',
    });
    const command = this.peer.addCommand(enrollment, {
      command: { requestType: 'ProfileList' },
      priority: 0,
      createdBy: 'spec',
    });
    return { device, enrollment, root, collection, deployment: deployment.id, command: command.id };
  }

  /** Devices without enrolments, in a collection that exists. Resolves when it has them. */
  async fill(collectionId: string, count: number): Promise<number[]> {
    const ids = Array.from({ length: count }, (_, n) => FIRST_DEVICE + 100 + n);
    await this.#devices(ids.map((id) => [id, `device ${id}`]));
    await this.made('POST', '/api/v1/collections/SMS00001/evaluate', {});
    await this.#until('SMS00001', (members) => members >= count);
    // No more at once than one person may alone.
    for (const resourceIds of [ids.slice(0, 400), ids.slice(400)])
      await this.made('POST', `/api/v1/collections/${collectionId}/direct-rules`, { resourceIds });
    await this.#until(collectionId, (members) => members >= count);
    return ids;
  }

  /** A collection with these devices. */
  async gather(limitingId: string, resourceIds: readonly number[]): Promise<string> {
    return this.#collection(randomUUID(), limitingId, resourceIds);
  }

  async enroll(enrollment: string, device: number): Promise<void> {
    await insertRows(this.db, 'resource_enrollment', [
      {
        enrollment_id: enrollment,
        enrollment_id_folded: enrollment.toLowerCase(),
        resource_id: device,
        device_enrollment_id: enrollment,
        kind: 'device',
        kind_folded: 'device',
        is_active: 1,
        state: 'enrolled',
        state_folded: 'enrolled',
        state_at: 1,
      },
    ]);
  }

  async #devices(devices: readonly (readonly [id: number, name: string])[]): Promise<void> {
    await insertRows(
      this.db,
      'resource',
      devices.map(([resource_id, name]) => ({
        resource_id,
        kind: 'device',
        resource_type: 5,
        name,
        name_folded: name,
        state: 'active',
        state_folded: 'active',
        created_at: 1,
        updated_at: 1,
      })),
    );
    const ids = devices.map(([resource_id]) => ({ resource_id }));
    await insertRows(
      this.db,
      'resource_seen',
      ids.map((row) => ({ ...row, last_seen_at: 1 })),
    );
    // As the rooms of resources do: the collection of all devices takes them in.
    await insertRows(
      this.db,
      'resource_change',
      ids.map((row) => ({ ...row, classes: '["*"]' })),
    );
  }

  async #collection(name: string, limitingId: string, directResourceIds: readonly number[]): Promise<string> {
    const { id } = await this.made('POST', '/api/v1/collections', {
      kind: 'device',
      name,
      limitingId,
      rules: [],
      directResourceIds,
    });
    await this.#until(id, (members) => members === directResourceIds.length);
    return id;
  }

  async #until(collection: string, isSo: (members: number) => boolean): Promise<void> {
    const signal = AbortSignal.timeout(20_000);
    for (;;) {
      const { json } = await this.console.admin('GET', `/api/v1/collections/${collection}`);
      if (isSo(Number(json['memberCount']))) return;
      await delay(20, undefined, { signal });
    }
  }

  /** What the bootstrap admin makes. */
  async made(method: string, path: string, body: unknown): Promise<Made> {
    const { status, json } = await this.console.admin<Made>(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(json)}`);
    return json;
  }
}

/** What the fixture looks at of what it made. */
interface Made {
  readonly id: string;
  readonly resourceId: number;
  readonly secret: string;
  readonly token: { readonly id: string };
  readonly item: { readonly id: string };
}

/** A configuration item to be made. @param text that tells one content of it from another */
export const itemOf = (name: string, text?: string) => ({
  name,
  content: {
    kind: 'profile',
    profile: mobileconfig({
      identifier: `com.example.${name}`,
      ...(text !== undefined && { text }),
    }).toString('base64'),
  },
});
