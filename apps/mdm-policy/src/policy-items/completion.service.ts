import type { CommandState, commandCompleted } from '@espalier/contracts';
import type { Tx } from '@espalier/persistence';
import type { z } from 'zod';
import type { AgendaStore } from '../agenda/agenda.store.js';
import { complete, type Completion } from '../planner/observe.js';
import type { ManagedItem } from '../planner/planner.types.js';
import type { EarlyCompletionStore } from './early-completion.store.js';
import type { ManagedItemStore } from './managed-item.store.js';

type CompletedCommand = z.output<typeof commandCompleted.payload>;

export interface CompletionServiceOptions {
  readonly agenda: AgendaStore;
  readonly items: ManagedItemStore;
  readonly early: EarlyCompletionStore;
  readonly now: () => Date;
}

/** The commands by which the policy acts. */
const OURS: ReadonlySet<string> = new Set(['InstallProfile', 'RemoveProfile', 'DeclarativeManagement']);
const FINAL: ReadonlySet<CommandState> = new Set(['acknowledged', 'error', 'format-error', 'cancelled']);

/** Takes in how commands ended. */
export class CompletionService {
  constructor(private readonly options: CompletionServiceOptions) {}

  async handle(tx: Tx, commands: readonly CompletedCommand[]): Promise<void> {
    const { agenda, items, early } = this.options;
    const now = this.options.now().getTime();
    const ours = commands.filter(({ requestType, state }) => OURS.has(requestType) && FINAL.has(state));
    if (ours.length === 0) return;
    const ids = [...new Set(ours.map((command) => command.enrollmentId))];
    const locked = (await agenda.lock(tx, ids)).map((entry) => entry.enrollment_id);
    if (locked.length === 0) return;
    const before = await items.load(tx, locked);
    const after = new Map(before);
    const concerned = new Set<string>();
    const tooEarly = new Map<string, Completion>();
    for (const command of ours) {
      const known = after.get(command.enrollmentId) ?? [];
      const completion = completionOf(command);
      if (known.some((item) => item.commandId === command.id)) {
        after.set(
          command.enrollmentId,
          known.map((item) => ended(item, command.id, completion)),
        );
        concerned.add(command.enrollmentId);
      } else if (known.some((item) => item.phase === 'planned')) tooEarly.set(command.id, completion);
    }
    await early.keep(tx, tooEarly, now);
    await items.replace(tx, before, after);
    await agenda.remind(tx, [...concerned], now);
  }
}

const ended = (item: ManagedItem, commandId: string, completion: Completion): ManagedItem =>
  item.commandId === commandId ? complete(item, completion) : item;

function completionOf({ state, at, pushedAt, sentAt, errorChain }: CompletedCommand): Completion {
  const [first] = errorChain;
  const texts = errorChain.map((error) => `${error.description} (${error.domain} ${error.code})`);
  return {
    state: state as Completion['state'],
    at,
    pushedAt,
    fetchedAt: sentAt,
    error: first === undefined ? null : { code: `${first.domain} ${first.code}`, text: texts.join('; ') },
  };
}
