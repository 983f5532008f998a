import { createHash } from 'node:crypto';
import {
  commandCompleted,
  mdmErrors,
  type PlistJson,
  type QueuedCommand,
  type submitCommand,
} from '@espalier/contracts';
import { MdmProtocolError, parseCommandReport } from '@espalier/mdm-protocol';
import type { EventPublisher } from '@espalier/messaging';
import type { Database, Tx } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import type { z } from 'zod';
import type { InventoryService } from '../inventory/inventory.service.js';
import { inventoryOf, toMdmCommand } from './command-input.js';
import type { CommandQueueStore } from './command-queue.store.js';
import { completion } from './completion.js';
import type { IntakeService, Submitted } from './intake.service.js';
import { toPlistJson } from './plist-json.js';

type Submission = z.output<typeof submitCommand.request>;

export interface CommandServiceOptions {
  readonly db: Database;
  readonly queue: CommandQueueStore;
  readonly intake: IntakeService;
  readonly inventory: Pick<InventoryService, 'askBehind'>;
  readonly events: EventPublisher<Tx>;
  readonly vault: Keyring;
  readonly now: () => Date;
  readonly uuid: () => string;
}

/** Takes commands in, shows where they stand, takes them back. */
export class CommandService {
  constructor(private readonly options: CommandServiceOptions) {}

  /**
   * Queues one command for all targets or for none, or for those that are enrolled where others may be skipped. A
   * repeated request id answers with what the first one made.
   * @throws EspalierError ESP_MDM_ENROLLMENT_UNKNOWN, ESP_MDM_ENROLLMENT_NOT_ACTIVE, ESP_MDM_COMMAND_INVALID,
   * ESP_MDM_REQUEST_ID_REUSED
   */
  submit(request: Submission): Promise<Submitted> {
    const { intake, inventory, now, uuid } = this.options;
    const { requestId, createdBy, priority, thenAsk = [] } = request;
    const hash = hashOf(request);
    return intake.once({ requestId, hash }, async (tx) => {
      const { targets, skipped } = await intake.targets(
        tx,
        request.enrollmentIds,
        request.onInactive,
        thenAsk.length > 0 ? 'update' : 'share',
      );
      const command = toMdmCommand(request.command, targets);
      const answers = inventoryOf(request.command);
      const commandId = uuid();
      const createdAt = now().getTime();
      await intake.addCommand(tx, {
        id: commandId,
        requestId,
        requestHash: hash,
        command,
        createdAt,
        createdBy,
        skipped,
      });
      const orders = targets.map((target) => ({
        commandId,
        requestType: command.RequestType,
        enrollmentId: target.id,
        priority,
        createdAt,
        createdBy,
        inventory: answers,
      }));
      const commands = await intake.enqueue(tx, orders, request.push);
      await inventory.askBehind(tx, targets, thenAsk, createdBy);
      return { commandId, commands, skipped };
    });
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
      await events.publish(tx, commandCompleted, completion(command, at));
      return command;
    });
    if (cancelled !== undefined) return cancelled;
    const { command } = await this.get(id);
    if (command.state !== 'cancelled')
      throw mdmErrors.ESP_MDM_COMMAND_NOT_CANCELLABLE({ detail: `It is ${command.state}.` });
    return command;
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

function hashOf(request: Submission): Buffer {
  const { enrollmentIds, command, priority, push, createdBy, onInactive, thenAsk } = request;
  const asked: unknown[] = [[...new Set(enrollmentIds)].sort(), command, priority, push, createdBy];
  // Only where they are not the default: requests of an older version are still known.
  if (onInactive === 'skip') asked.push(onInactive);
  if (thenAsk !== undefined) asked.push(thenAsk);
  return createHash('sha256').update(JSON.stringify(asked)).digest();
}
