import {
  commandCompleted,
  commandDeferred,
  type CommandState,
  type QueuedCommand,
} from '@espalier/contracts';
import type { ErrorChainItem, ResultReport, ResultStatus } from '@espalier/mdm-protocol';
import type { Database, Tx } from '@espalier/persistence';
import type { Logger } from '@espalier/service-kit';
import { eventMessage, type EventPublisher } from '@espalier/messaging';
import type { Keyring } from '@espalier/secrets';
import type { DeviceFactsStore } from '../enrollment/device-facts.store.js';
import { inventoryMessage } from '../inventory/inventory-message.js';
import type { CommandQueueStore, QueuedCommandRow, ReportChange } from './command-queue.store.js';

const STATE_OF: Readonly<Record<ResultStatus, CommandState>> = {
  Acknowledged: 'acknowledged',
  Error: 'error',
  CommandFormatError: 'format-error',
  NotNow: 'not-now',
};

export interface ReportServiceOptions {
  readonly db: Database;
  readonly queue: CommandQueueStore;
  readonly facts: DeviceFactsStore;
  /** Appends facts of several kinds at once to the outbox: this is the path of every answer. */
  readonly events: Pick<EventPublisher<Tx>, 'publishEach'>;
  readonly vault: Keyring;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** A device's answer to a command, as it is to be stored. */
export interface IncomingReport {
  readonly enrollmentId: string;
  readonly fingerprint: string;
  readonly commandUuid: string;
  readonly status: ResultStatus;
  readonly errorChain: readonly ErrorChainItem[];
  /** The parsed result; absent where the report could not be read. */
  readonly result?: ResultReport['result'];
  /** The body as it came. */
  readonly raw: Buffer;
}

/** Why nothing was stored. `unknown-enrollment` and `not-pinned` are refused, the others are only logged. */
export type ReportOutcome = 'stored' | 'repeated' | 'unknown-command' | 'unknown-enrollment' | 'not-pinned';

/** Stores what devices answer, with the events that follow from it, in one transaction. */
export class ReportService {
  constructor(private readonly options: ReportServiceOptions) {}

  async record(report: IncomingReport): Promise<ReportOutcome> {
    const { db, queue, logger } = this.options;
    return db.transaction(async (tx) => {
      const context = await queue.reportContext(tx, report.enrollmentId, report.commandUuid);
      if (context === undefined) return 'unknown-enrollment';
      if (context.fingerprint !== report.fingerprint) return 'not-pinned';
      const { command } = context;
      if (command === undefined) {
        logger.warn(
          { enrollmentId: report.enrollmentId, command: report.commandUuid.slice(0, LONGEST_NAME) },
          'a device reported on a command that is not its own, or was pruned',
        );
        return 'unknown-command';
      }
      // A lost answer makes the device report again; the first report counts.
      if (command.is_open === 0) return 'repeated';
      const change = this.#change(command, report);
      if (!(await queue.applyReport(tx, command.id, change))) return 'repeated';
      if (change.open) await this.#publishDeferred(tx, command, change);
      else await this.#finish(tx, command, report, change);
      return 'stored';
    });
  }

  #change(command: QueuedCommandRow, report: IncomingReport): ReportChange {
    const now = this.options.now().getTime();
    const deferred = report.status === 'NotNow';
    const chain = errorChain(report.errorChain);
    return {
      state: STATE_OF[report.status],
      open: deferred,
      notNowCount: command.not_now_count + (deferred ? 1 : 0),
      notNowSince: deferred ? (command.not_now_since ?? now) : command.not_now_since,
      completedAt: deferred ? null : now,
      errorChain: chain.length === 0 ? null : JSON.stringify(chain),
    };
  }

  async #finish(
    tx: Tx,
    command: QueuedCommandRow,
    report: IncomingReport,
    change: ReportChange,
  ): Promise<void> {
    const { queue, vault, facts, events } = this.options;
    const place = { table: 'command_result', column: 'report_sealed', row: command.id };
    await queue.saveResult(tx, command.id, vault.seal(report.raw, place));
    const answer = report.status === 'Acknowledged' ? report.result : undefined;
    if (answer !== undefined && command.request_type === 'DeviceInformation')
      await facts.update(tx, command.enrollment_id, answer);
    const at = change.completedAt as number;
    await events.publishEach(tx, [
      eventMessage(commandCompleted, {
        ...factsOf(command, at),
        state: change.state,
        errorChain: errorChain(report.errorChain),
        createdAt: command.created_at,
        pushedAt: command.pushed_at,
        sentAt: command.sent_at,
      }),
      ...(answer === undefined ? [] : inventoryMessage(command, answer, at)),
    ]);
  }

  async #publishDeferred(tx: Tx, command: QueuedCommandRow, change: ReportChange): Promise<void> {
    const facts = factsOf(command, this.options.now().getTime());
    await this.options.events.publishEach(tx, [
      eventMessage(commandDeferred, { ...facts, notNowCount: change.notNowCount }),
    ]);
  }
}

function factsOf(
  command: QueuedCommandRow,
  at: number,
): { id: string; commandId: string; enrollmentId: string; requestType: string; at: number } {
  return {
    id: command.id,
    commandId: command.command_id,
    enrollmentId: command.enrollment_id,
    requestType: command.request_type,
    at,
  };
}

/** Whatever a device sends, the event that tells of it must fit into a message. */
const LONGEST_CHAIN = 10;
const LONGEST_NAME = 255;
const LONGEST_DESCRIPTION = 1_000;

function errorChain(items: readonly ErrorChainItem[]): QueuedCommand['errorChain'] {
  return items.slice(0, LONGEST_CHAIN).map((item) => ({
    code: item.code ?? 0,
    domain: (item.domain ?? '').slice(0, LONGEST_NAME),
    description: (item.usEnglishDescription ?? item.description ?? '').slice(0, LONGEST_DESCRIPTION),
  }));
}
