import type { Logger } from 'pino';
import { z } from 'zod';

import type { AppleRoom } from '../apple-room.js';
import type { Route } from '../http/json-server.js';
import type { PemPair } from '../pki/dev-pki.js';
import { adminRoutes } from './admin.routes.js';
import { ApnsServer, type PushRecord } from './apns.server.js';
import { deviceRoutes } from './device.routes.js';
import { DeviceStreams } from './device-streams.js';
import { DeviceTokenRegistry } from './device-token.registry.js';
import { Faults } from './faults.js';

const MAX_RECORDS = 1000;

export interface ApnsRoomOptions {
  readonly host: string;
  readonly port: number;
  readonly server: PemPair;
  readonly clientCa: string;
  readonly maxConcurrentStreams: number;
  readonly tokenBytes: number;
  readonly now: () => Date;
  readonly logger: Logger | undefined;
  /** Something that the state file keeps has changed. */
  readonly changed: () => void;
}

/** Figures of the APNs stand-in. */
export interface ApnsRoomStatus {
  /** HTTP/2 connections of MDM servers. */
  readonly connections: number;
  /** Event streams, and the device tokens that wait on them. */
  readonly streams: number;
  readonly waiting: number;
  readonly tokens: number;
  /** Pushes kept for devices that are away. */
  readonly pending: number;
  /** Answers so far by status, and by reason where there was one: `{ "200": 12, "410 Unregistered": 1 }`. */
  readonly answers: Readonly<Record<string, number>>;
}

const snapshot = z.object({
  tokens: z.array(
    z.object({
      token: z.string(),
      topic: z.string(),
      unregisteredAt: z.number().optional(),
      pending: z.object({ apnsId: z.string(), payload: z.string(), expiration: z.number() }).optional(),
    }),
  ),
});

/** APNs as an MDM server sees it, with the devices at its other end. */
export class ApnsRoom implements AppleRoom {
  readonly name = 'apns';
  readonly deviceRoutes: readonly Route[];
  readonly adminRoutes: readonly Route[];
  readonly faults = new Faults();
  readonly #server: ApnsServer;
  readonly #tokens: DeviceTokenRegistry;
  readonly #streams: DeviceStreams;
  readonly #records: PushRecord[] = [];
  readonly #answers: Record<string, number> = {};
  readonly #listeners = new Set<(record: PushRecord) => void>();

  constructor(options: ApnsRoomOptions) {
    this.#tokens = new DeviceTokenRegistry(options.tokenBytes, options.now, options.changed);
    this.#streams = new DeviceStreams(this.#tokens);
    this.#server = new ApnsServer({
      ...options,
      ...options.server,
      tokens: this.#tokens,
      faults: this.faults,
      onPush: (record) => this.#remember(record),
    });
    this.deviceRoutes = deviceRoutes(this.#tokens, this.#streams);
    this.adminRoutes = adminRoutes(this);
  }

  /** Listens for MDM servers; the URL to give to them as APNs' endpoint. */
  open(): Promise<string> {
    return this.#server.listen();
  }

  /** Issues a device token for a topic, hex. */
  issueToken(topic: string): string {
    return this.#tokens.issue(topic);
  }

  /** Later pushes to this token answer 410 Unregistered with this time. False for an unknown token. */
  unregister(token: string, since?: Date): boolean {
    return this.#tokens.unregister(token.toLowerCase(), since);
  }

  /** GOAWAY on every connection now; pushes in flight finish. The number of connections. */
  goaway(reason: string, errorCode = 0): number {
    return this.#server.goaway(reason, errorCode);
  }

  /** Cuts every connection of MDM servers now. Their number. */
  dropConnections(): number {
    return this.#server.drop();
  }

  /** The latest answers, oldest first, at most 1,000; of one token where given. */
  pushes(token?: string): readonly PushRecord[] {
    return token === undefined
      ? [...this.#records]
      : this.#records.filter((record) => record.token === token);
  }

  /** Calls back at every answer. Returns what ends that. */
  onPush(listener: (record: PushRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  status(): ApnsRoomStatus {
    return {
      connections: this.#server.connections,
      streams: this.#streams.size,
      waiting: this.#tokens.waiting,
      tokens: this.#tokens.size,
      pending: this.#tokens.pending,
      answers: { ...this.#answers },
    };
  }

  snapshot(): unknown {
    return { tokens: [...this.#tokens.snapshot()] };
  }

  restore(state: unknown): void {
    this.#tokens.restore(snapshot.parse(state).tokens);
  }

  async close(): Promise<void> {
    this.#streams.close();
    await this.#server.close();
  }

  #remember(record: PushRecord): void {
    const key = record.reason === undefined ? String(record.status) : `${record.status} ${record.reason}`;
    this.#answers[key] = (this.#answers[key] ?? 0) + 1;
    this.#records.push(record);
    // In strides: removing the first element of a long array each time moves all others.
    if (this.#records.length >= MAX_RECORDS * 2) this.#records.splice(0, this.#records.length - MAX_RECORDS);
    for (const listener of this.#listeners) listener(record);
  }
}
