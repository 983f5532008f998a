import { getCommand, isEspalierError, type commandCompleted } from '@espalier/contracts';
import type { Messaging } from '@espalier/messaging';
import type { Database } from '@espalier/persistence';
import type { Logger } from '@espalier/service-kit';
import type { z } from 'zod';
import type { CompletionService } from '../policy-items/completion.service.js';
import type { ManagedItemStore, QueuedItem } from '../policy-items/managed-item.store.js';

export interface LostCompletionsOptions {
  readonly db: Database;
  readonly messaging: Pick<Messaging, 'call'>;
  readonly items: Pick<ManagedItemStore, 'queuedBefore'>;
  readonly completions: Pick<CompletionService, 'handle'>;
  readonly logger: Logger;
  readonly now: () => Date;
}

type CompletedCommand = z.input<typeof commandCompleted.payload>;

/** A device that is switched on has answered by then. */
const SUSPICIOUS_AFTER_MS = 3_600_000;
const COMMANDS_PER_ROUND = 400;
const CALLS_AT_ONCE = 8;

/** Asks mdm of commands that wait for long: the event that told of the end of one may have been lost. */
export class LostCompletions {
  /** Where the next round goes on: commands of devices that are switched off must not hide those behind them. */
  #after: string | undefined;

  constructor(private readonly options: LostCompletionsOptions) {}

  /** Looks at some, the oldest first. @throws EspalierError where mdm does not answer */
  async find(signal: AbortSignal): Promise<void> {
    const { db, items, completions, logger } = this.options;
    const before = this.options.now().getTime() - SUSPICIOUS_AFTER_MS;
    const { rows, next } = await items.queuedBefore(db, before, COMMANDS_PER_ROUND, this.#after);
    let found = 0;
    for (let from = 0; from < rows.length && !signal.aborted; from += CALLS_AT_ONCE) {
      const some = rows.slice(from, from + CALLS_AT_ONCE);
      const ended = (await Promise.all(some.map((queued) => this.#ask(queued)))).filter(
        (command) => command !== undefined,
      );
      if (ended.length > 0) await db.transaction((tx) => completions.handle(tx, ended));
      found += ended.length;
    }
    this.#after = next;
    if (found > 0) logger.info({ found }, 'commands had ended without an event that told of it');
  }

  /** Undefined where it waits indeed. */
  async #ask({ enrollmentId, item }: QueuedItem): Promise<CompletedCommand | undefined> {
    if (item.commandId === null) return undefined;
    try {
      const { command } = await this.options.messaging.call(getCommand, { id: item.commandId });
      return command.completedAt === null ? undefined : { ...command, at: command.completedAt };
    } catch (error) {
      if (!isEspalierError(error) || error.status !== 404) throw error;
      return this.#unknown(enrollmentId, item.commandId);
    }
  }

  /** mdm was set back to a backup, or has forgotten it long ago: it is asked for again. */
  #unknown(enrollmentId: string, id: string): CompletedCommand {
    const at = this.options.now().getTime();
    return {
      id,
      commandId: id,
      enrollmentId,
      requestType: 'InstallProfile',
      at,
      state: 'cancelled',
      errorChain: [
        {
          code: 404,
          domain: 'ESP_MDM_COMMAND_UNKNOWN',
          description: 'The MDM service has lost the command.',
        },
      ],
      createdAt: at,
      pushedAt: null,
      sentAt: null,
    };
  }
}
