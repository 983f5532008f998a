import { commandQueued, mdmErrors, type InventoryKind, type QueuedCommand } from '@espalier/contracts';
import type { MdmCommand } from '@espalier/mdm-protocol';
import type { EventPublisher } from '@espalier/messaging';
import type { Database, Tx } from '@espalier/persistence';
import { buildPlist } from '@espalier/plist';
import type { Keyring, SecretContext } from '@espalier/secrets';
import type { EnrollmentStore, EnrollmentTarget } from '../enrollment/enrollment.store.js';
import type { PushScheduler } from '../push/push.service.js';
import type { CommandQueueStore, CommandRecord, NewQueueEntry } from './command-queue.store.js';

export interface IntakeServiceOptions {
  readonly db: Database;
  readonly queue: CommandQueueStore;
  readonly enrollments: EnrollmentStore;
  readonly push: PushScheduler;
  readonly events: EventPublisher<Tx>;
  readonly vault: Keyring;
  readonly uuid: () => string;
}

/** A request of which the same id again makes nothing new. */
export interface OnceRequest {
  readonly requestId: string;
  /** Over everything that was asked. */
  readonly hash: Buffer;
}

/** What a request made. */
export interface Submitted {
  readonly commandId: string;
  readonly commands: QueuedCommand[];
  readonly skipped: string[];
}

/** A command to be stored; sealed here. */
export interface NewCommand {
  readonly id: string;
  readonly requestId: string;
  readonly requestHash: Buffer;
  readonly command: MdmCommand;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly skipped?: readonly string[];
  readonly standing?: boolean;
}

/** What waits for an enrolment from now on. */
export interface QueueOrder {
  readonly commandId: string;
  readonly requestType: string;
  readonly enrollmentId: string;
  readonly priority?: number;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly inventory: InventoryKind | null;
}

/** The one way by which commands get into the queue: for submissions, inventory and declarations. */
export class IntakeService {
  constructor(private readonly options: IntakeServiceOptions) {}

  /** Does it in a transaction, unless it was done. @throws EspalierError ESP_MDM_REQUEST_ID_REUSED */
  async once(request: OnceRequest, make: (tx: Tx) => Promise<Submitted>): Promise<Submitted> {
    const repeated = await this.#repeated(request);
    if (repeated !== undefined) return repeated;
    try {
      return await this.options.db.transaction(make);
    } catch (error) {
      // Another replica, or the same request sent twice at once, was first.
      const winner = this.options.queue.isDuplicateRequest(error) ? await this.#repeated(request) : undefined;
      if (winner !== undefined) return winner;
      throw error;
    }
  }

  /**
   * The enrolments that can get something, their state held until the transaction ends, and those left out.
   * @throws EspalierError ESP_MDM_ENROLLMENT_UNKNOWN, ESP_MDM_ENROLLMENT_NOT_ACTIVE where none may be left out
   */
  async targets(
    tx: Tx,
    ids: readonly string[],
    onInactive: 'refuse' | 'skip',
    strength: 'share' | 'update' = 'share',
  ): Promise<{ targets: EnrollmentTarget[]; skipped: string[] }> {
    const found = await this.options.enrollments.lockTargets(tx, ids, strength);
    const targets = found.filter((target) => target.state === 'enrolled');
    const active = new Set(targets.map((target) => target.id));
    const skipped = [...new Set(ids)].filter((id) => !active.has(id));
    if (onInactive === 'skip' || skipped.length === 0) return { targets, skipped };
    const known = new Set(found.map((target) => target.id));
    const unknown = skipped.filter((id) => !known.has(id));
    if (unknown.length > 0) throw mdmErrors.ESP_MDM_ENROLLMENT_UNKNOWN({ detail: some(unknown) });
    throw mdmErrors.ESP_MDM_ENROLLMENT_NOT_ACTIVE({ detail: some(skipped) });
  }

  /** Stores what is asked of devices; `standing`: unless it is there. */
  async addCommand(tx: Tx, command: NewCommand): Promise<void> {
    const { queue, vault } = this.options;
    const { id, requestId, createdAt, createdBy, skipped = [], standing = false } = command;
    const record: CommandRecord = {
      id,
      requestId,
      requestHashSealed: vault.seal(command.requestHash, hashPlace(id)),
      requestType: command.command.RequestType,
      payloadSealed: vault.seal(buildPlist(command.command), {
        table: 'command',
        column: 'payload_sealed',
        row: id,
      }),
      createdAt,
      createdBy,
      skipped,
      standing,
    };
    await (standing ? queue.ensureCommand(tx, record) : queue.insertCommand(tx, record));
  }

  /** Queues commands that are stored, tells of them, and has the devices pushed where wanted; a few statements. */
  async enqueue(tx: Tx, orders: readonly QueueOrder[], push: boolean): Promise<QueuedCommand[]> {
    if (orders.length === 0) return [];
    const { queue, events, uuid } = this.options;
    const entries = orders.map((order) => ({ ...order, priority: order.priority ?? 0, id: uuid() }));
    await queue.enqueue(tx, entries);
    await events.publishAll(
      tx,
      commandQueued,
      entries.map((entry) => ({
        id: entry.id,
        commandId: entry.commandId,
        enrollmentId: entry.enrollmentId,
        requestType: entry.requestType,
        at: entry.createdAt,
        createdBy: entry.createdBy,
      })),
    );
    if (push) await this.options.push.schedule(tx, [...new Set(entries.map((entry) => entry.enrollmentId))]);
    return entries.map(toQueued);
  }

  async #repeated({ requestId, hash }: OnceRequest): Promise<Submitted | undefined> {
    const { db, queue, vault } = this.options;
    const known = await queue.findByRequestId(db, requestId);
    if (known === undefined) return undefined;
    if (!vault.open(known.requestHashSealed, hashPlace(known.id)).equals(hash))
      throw mdmErrors.ESP_MDM_REQUEST_ID_REUSED();
    return { commandId: known.id, commands: await queue.ofCommand(db, known.id), skipped: known.skipped };
  }
}

const SHOWN_IDS = 5;

function some(ids: readonly string[]): string {
  const more = ids.length > SHOWN_IDS ? ` and ${ids.length - SHOWN_IDS} more` : '';
  return ids.slice(0, SHOWN_IDS).join(', ') + more;
}

const hashPlace = (row: string): SecretContext => ({ table: 'command', column: 'request_hash_sealed', row });

/** As it was just queued. */
function toQueued(entry: NewQueueEntry): QueuedCommand {
  return {
    id: entry.id,
    commandId: entry.commandId,
    enrollmentId: entry.enrollmentId,
    requestType: entry.requestType,
    state: 'queued',
    priority: entry.priority,
    createdAt: entry.createdAt,
    createdBy: entry.createdBy,
    pushedAt: null,
    sentAt: null,
    notNowCount: 0,
    notNowSince: null,
    completedAt: null,
    errorChain: [],
  };
}
