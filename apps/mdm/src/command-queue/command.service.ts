import { createHash } from 'node:crypto';
import {
  commandCompleted,
  commandQueued,
  mdmErrors,
  type PlistJson,
  type QueuedCommand,
  type submitCommand,
} from '@espalier/contracts';
import { MdmProtocolError, parseCommandReport } from '@espalier/mdm-protocol';
import { buildPlist } from '@espalier/plist';
import type { Database, Tx } from '@espalier/persistence';
import type { z } from 'zod';
import type { EnrollmentStore, EnrollmentTarget } from '../enrollment/enrollment.store.js';
import type { EventPublisher } from '../outbox/event-publisher.js';
import type { PushScheduler } from '../push/push.service.js';
import type { Keyring } from '@espalier/secrets';
import { toMdmCommand } from './command-input.js';
import type { CommandQueueStore } from './command-queue.store.js';
import { toPlistJson } from './plist-json.js';

type Submission = z.output<typeof submitCommand.request>;
type Submitted = z.output<typeof submitCommand.response>;

export interface CommandServiceOptions {
  readonly db: Database;
  readonly queue: CommandQueueStore;
  readonly enrollments: EnrollmentStore;
  readonly push: PushScheduler;
  readonly events: EventPublisher;
  readonly vault: Keyring;
  readonly now: () => Date;
  readonly uuid: () => string;
}

/** Takes commands in, shows where they stand, takes them back. */
export class CommandService {
  constructor(private readonly options: CommandServiceOptions) {}

  /**
   * Queues one command for all targets or for none. A repeated request id answers with what the first one made.
   * @throws EspalierError ESP_MDM_ENROLLMENT_UNKNOWN, ESP_MDM_ENROLLMENT_NOT_ACTIVE, ESP_MDM_COMMAND_INVALID,
   * ESP_MDM_REQUEST_ID_REUSED
   */
  async submit(request: Submission): Promise<Submitted> {
    const { db, queue } = this.options;
    const requestHash = hashOf(request);
    const repeated = await this.#repeated(request.requestId, requestHash);
    if (repeated !== undefined) return repeated;
    try {
      return await db.transaction(async (tx) => {
        const targets = await this.#activeTargets(tx, request.enrollmentIds);
        const command = toMdmCommand(request.command, targets);
        const id = this.options.uuid();
        const createdAt = this.options.now().getTime();
        const record = {
          id,
          requestId: request.requestId,
          requestHashSealed: this.options.vault.seal(requestHash, requestHashPlace(id)),
          requestType: command.RequestType,
          payloadSealed: this.options.vault.seal(buildPlist(command), {
            table: 'command',
            column: 'payload_sealed',
            row: id,
          }),
          createdAt,
          createdBy: request.createdBy,
        };
        const entries = targets.map((target) => ({
          id: this.options.uuid(),
          enrollmentId: target.id,
          priority: request.priority,
        }));
        await queue.insertCommand(tx, record);
        await queue.enqueue(tx, record, entries);
        for (const entry of entries)
          await this.options.events.publish(tx, commandQueued, {
            id: entry.id,
            commandId: id,
            enrollmentId: entry.enrollmentId,
            requestType: record.requestType,
            at: createdAt,
            createdBy: request.createdBy,
          });
        if (request.push)
          await this.options.push.schedule(
            tx,
            targets.map((target) => target.id),
          );
        return { commandId: id, commands: await queue.ofCommand(tx, id) };
      });
    } catch (error) {
      // Another replica, or the same request sent twice at once, was first.
      const winner = queue.isDuplicateRequest(error)
        ? await this.#repeated(request.requestId, requestHash)
        : undefined;
      if (winner !== undefined) return winner;
      throw error;
    }
  }

  /** @throws EspalierError ESP_MDM_COMMAND_UNKNOWN */
  async get(id: string): Promise<{ command: QueuedCommand; result: PlistJson | null }> {
    const found = await this.options.queue.get(id);
    if (found === undefined) throw mdmErrors.ESP_MDM_COMMAND_UNKNOWN({ detail: id });
    return { command: found.command, result: this.#result(id, found.reportSealed) };
  }

  async list(
    enrollmentId: string,
    limit: number,
    cursor: string | undefined,
  ): Promise<{ items: QueuedCommand[]; nextCursor?: string }> {
    const { rows, next } = await this.options.queue.listOfEnrollment(enrollmentId, limit, cursor);
    return { items: rows, ...(next !== undefined && { nextCursor: next }) };
  }

  /** @throws EspalierError ESP_MDM_COMMAND_UNKNOWN, ESP_MDM_COMMAND_NOT_CANCELLABLE */
  async cancel(id: string): Promise<QueuedCommand> {
    const { db, queue, events } = this.options;
    const at = this.options.now().getTime();
    const cancelled = await db.transaction(async (tx) => {
      const command = await queue.cancel(tx, id, at);
      if (command === undefined) return undefined;
      const { commandId, enrollmentId, requestType, state, errorChain } = command;
      const facts = { id, commandId, enrollmentId, requestType, at, state, errorChain };
      await events.publish(tx, commandCompleted, facts);
      return command;
    });
    if (cancelled !== undefined) return cancelled;
    const { command } = await this.get(id);
    if (command.state !== 'cancelled')
      throw mdmErrors.ESP_MDM_COMMAND_NOT_CANCELLABLE({ detail: `It is ${command.state}.` });
    return command;
  }

  async #repeated(requestId: string, requestHash: Buffer): Promise<Submitted | undefined> {
    const { db, queue, vault } = this.options;
    const known = await queue.findByRequestId(db, requestId);
    if (known === undefined) return undefined;
    if (!vault.open(known.request_hash_sealed, requestHashPlace(known.id)).equals(requestHash))
      throw mdmErrors.ESP_MDM_REQUEST_ID_REUSED();
    return { commandId: known.id, commands: await queue.ofCommand(db, known.id) };
  }

  async #activeTargets(tx: Tx, ids: readonly string[]): Promise<EnrollmentTarget[]> {
    const wanted = [...new Set(ids)];
    const found = await this.options.enrollments.lockTargets(tx, wanted);
    const known = new Set(found.map((target) => target.id));
    const unknown = wanted.filter((id) => !known.has(id));
    if (unknown.length > 0) throw mdmErrors.ESP_MDM_ENROLLMENT_UNKNOWN({ detail: some(unknown) });
    const inactive = found.filter((target) => target.state !== 'enrolled').map((target) => target.id);
    if (inactive.length > 0) throw mdmErrors.ESP_MDM_ENROLLMENT_NOT_ACTIVE({ detail: some(inactive) });
    return found;
  }

  #result(id: string, sealed: string | null): PlistJson | null {
    if (sealed === null) return null;
    const report = this.options.vault.open(sealed, {
      table: 'command_result',
      column: 'report_sealed',
      row: id,
    });
    try {
      return toPlistJson(parseCommandReport(report).result);
    } catch (error) {
      // A report that could not be read when it came was kept as it is (see ReportService).
      if (error instanceof MdmProtocolError) return { $data: report.toString('base64') };
      throw error;
    }
  }
}

const SHOWN_IDS = 5;

function some(ids: readonly string[]): string {
  const more = ids.length > SHOWN_IDS ? ` and ${ids.length - SHOWN_IDS} more` : '';
  return ids.slice(0, SHOWN_IDS).join(', ') + more;
}

const requestHashPlace = (row: string): { table: string; column: string; row: string } => ({
  table: 'command',
  column: 'request_hash_sealed',
  row,
});

function hashOf({ enrollmentIds, command, priority, push, createdBy }: Submission): Buffer {
  const asked = JSON.stringify([[...new Set(enrollmentIds)].sort(), command, priority, push, createdBy]);
  return createHash('sha256').update(asked).digest();
}
