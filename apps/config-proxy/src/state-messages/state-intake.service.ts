import {
  assetStatusIds,
  complianceStates,
  stateTopics,
  type policyStatesReported,
  type StateMessage,
} from '@espalier/contracts';
import type { BatchedEvent } from '@espalier/messaging';
import type { Tx } from '@espalier/persistence';
import {
  applyToDeploymentState,
  emptyDeploymentState,
  isDeploymentTopic,
  storableText,
} from './deployment-state.js';
import type {
  ItemCounter,
  ItemStateRow,
  ItemSummaryChange,
  OtherStateRow,
  StateIntakeStore,
  StateTable,
  SummaryChange,
  SummaryCounter,
} from './state-intake.store.js';

const GONE = -1;
const ID_LENGTH = 64;

const counterOfStatus: Readonly<Record<number, SummaryCounter>> = {
  [assetStatusIds.success]: 'success',
  [assetStatusIds['in-progress']]: 'in_progress',
  [assetStatusIds['requirements-not-met']]: 'requirements_not_met',
  [assetStatusIds.error]: 'failed',
};

const counterOfState: Readonly<Record<number, ItemCounter>> = {
  [complianceStates.unknown]: 'unknown',
  [complianceStates.compliant]: 'compliant',
  [complianceStates.nonCompliant]: 'non_compliant',
  [complianceStates.conflict]: 'conflict',
  [complianceStates.error]: 'failed',
};

/** Keeps the newest state of each topic of each enrolment, and the counters of deployments in step with them. */
export class StateIntakeService {
  constructor(
    private readonly store: StateIntakeStore,
    private readonly now: () => Date,
  ) {}

  /** Handles events that mdm-policy sent, in any order and any number of times. */
  handleBatch(events: readonly BatchedEvent<typeof policyStatesReported>[], tx: Tx): Promise<void> {
    return this.take(
      tx,
      events.flatMap(({ event }) => event.payload.messages),
    );
  }

  async take(tx: Tx, messages: readonly StateMessage[]): Promise<void> {
    const sorted = sortMessages(messages);
    const summaryChanges = await this.#takeDeploymentStates(tx, sorted.deployments);
    const itemChanges = await this.#takeItemStates(tx, sorted.items);
    await this.#takeOtherStates(tx, sorted.others);
    await this.store.addToSummaries(tx, summaryChanges);
    await this.store.addToItemSummaries(tx, itemChanges);
  }

  async #takeDeploymentStates(tx: Tx, byKey: Grouped): Promise<SummaryChange[]> {
    const updated_at = this.now().getTime();
    const wanted = [...byKey.values()].map(([first]) =>
      emptyDeploymentState(first.topicId, first.enrollmentId),
    );
    const changes = await changed(tx, this.store.deployments, wanted, (row) => {
      const messages = byKey.get(keyOf(row.deployment_id, row.enrollment_id)) ?? [];
      const next = messages.reduce(applyToDeploymentState, row);
      return next === row ? undefined : { ...next, updated_at };
    });
    const counters = new Map<string, Record<SummaryCounter, number>>();
    for (const { before, after } of changes)
      count(
        counters,
        after.deployment_id,
        counterOfStatus[before.status],
        counterOfStatus[after.status],
        noStatuses,
      );
    return [...counters].map(([deployment_id, moved]) => ({ deployment_id, ...moved }));
  }

  async #takeItemStates(tx: Tx, byKey: Grouped): Promise<ItemSummaryChange[]> {
    const updated_at = this.now().getTime();
    const wanted = [...byKey.values()].map(([first]) => emptyItemState(first));
    const topicOf = (row: ItemStateRow): string => `${row.deployment_id}/${row.ci_id}`;
    const changes = await changed(tx, this.store.items, wanted, (row) => {
      const newest = newestOf(byKey.get(keyOf(topicOf(row), row.enrollment_id)) ?? [], row.sequence);
      if (newest === undefined) return undefined;
      const state = newest.gone === true ? GONE : newest.stateId;
      return { ...row, state, ...factsOf(newest), updated_at };
    });
    const counters = new Map<string, Record<ItemCounter, number>>();
    for (const { before, after } of changes)
      count(counters, topicOf(after), counterOfState[before.state], counterOfState[after.state], noStates);
    return [...counters].map(([topicId, moved]) => ({ ...splitItem(topicId), ...moved }));
  }

  async #takeOtherStates(tx: Tx, byKey: Grouped): Promise<void> {
    const at = this.now().getTime();
    const wanted = [...byKey.values()].map(([first]) => otherState({ ...first, sequence: -1 }, at));
    await changed(tx, this.store.others, wanted, (row) => {
      const key = keyOf(`${row.topic_type}:${row.topic_id}`, row.enrollment_id);
      const newest = newestOf(byKey.get(key) ?? [], row.sequence);
      return newest && otherState(newest, at);
    });
  }
}

interface Change<Row> {
  /** Before the first message: empty. */
  readonly before: Row;
  readonly after: Row;
}

/**
 * Changes the rows that `next` has something new for, and gives what changed. Those that are there are locked first;
 * others are inserted as they end up, not made and then changed. What another replica was first to insert is there by
 * then.
 * @param empty the rows as they are before anything was reported
 */
async function changed<Row extends object>(
  tx: Tx,
  table: StateTable<Row>,
  empty: readonly Row[],
  next: (row: Row) => Row | undefined,
): Promise<Change<Row>[]> {
  const changesOf = (rows: readonly Row[]): Change<Row>[] =>
    rows.flatMap((before) => {
      const after = next(before);
      return after === undefined ? [] : [{ before, after }];
    });
  const known = await table.lock(tx, empty);
  const there = new Set(known.map((row) => table.keyOf(row)));
  const wanted = changesOf(empty.filter((row) => !there.has(table.keyOf(row))));
  const inserted = await table.insert(
    tx,
    wanted.map(({ after }) => after),
  );
  const isInserted = ({ after }: Change<Row>): boolean => inserted.has(table.keyOf(after));
  const late = wanted.filter((change) => !isInserted(change)).map(({ before }) => before);
  const overwritten = changesOf([...known, ...(await table.lock(tx, late))]);
  await table.overwrite(
    tx,
    overwritten.map(({ after }) => after),
  );
  return [...overwritten, ...wanted.filter(isInserted)];
}

type Group = [StateMessage, ...StateMessage[]];
/** Messages about the same row. */
type Grouped = ReadonlyMap<string, Group>;

const keyOf = (topic: string, enrollmentId: string): string => `${topic}\n${enrollmentId}`;

function sortMessages(
  messages: readonly StateMessage[],
): Record<'deployments' | 'items' | 'others', Grouped> {
  const sorted = { deployments: new Map(), items: new Map(), others: new Map() } satisfies Record<
    string,
    Map<string, Group>
  >;
  for (const message of messages) {
    const { topicType, topicId, enrollmentId } = message;
    if (isDeploymentTopic(topicType) && topicId.length <= ID_LENGTH)
      group(sorted.deployments, keyOf(topicId, enrollmentId), message);
    else if (topicType === stateTopics.ciCompliance && ITEM_TOPIC.test(topicId))
      group(sorted.items, keyOf(topicId, enrollmentId), message);
    else group(sorted.others, keyOf(`${topicType}:${topicId}`, enrollmentId), message);
  }
  return sorted;
}

function group(groups: Map<string, Group>, key: string, message: StateMessage): void {
  const known = groups.get(key);
  if (known === undefined) groups.set(key, [message]);
  else known.push(message);
}

/** `<deployment id>/<id of the configuration item>` */
const ITEM_TOPIC = /^[^/]{1,64}\/[^/]{1,64}$/;

function splitItem(topicId: string): { deployment_id: string; ci_id: string } {
  const [deployment_id = '', ci_id = ''] = topicId.split('/');
  return { deployment_id, ci_id };
}

function newestOf(messages: readonly StateMessage[], known: number | null): StateMessage | undefined {
  let newest: StateMessage | undefined;
  for (const message of messages)
    if (message.sequence > (newest?.sequence ?? known ?? Number.NEGATIVE_INFINITY)) newest = message;
  return newest;
}

const factsOf = ({ sequence, at, reason, errorCode }: StateMessage) => ({
  sequence,
  at,
  reason: storableText(reason),
  error_code: storableText(errorCode),
});

const emptyItemState = ({ topicId, enrollmentId }: StateMessage): ItemStateRow => ({
  ...splitItem(topicId),
  enrollment_id: enrollmentId,
  state: GONE,
  sequence: null,
  at: null,
  reason: null,
  error_code: null,
  updated_at: 0,
});

const otherState = (message: StateMessage, updated_at: number): OtherStateRow => ({
  enrollment_id: message.enrollmentId,
  topic_type: message.topicType,
  topic_id: message.topicId,
  state_id: message.stateId,
  ...factsOf(message),
  is_gone: message.gone === true ? 1 : 0,
  updated_at,
});

const noStatuses = (): Record<SummaryCounter, number> => ({
  success: 0,
  in_progress: 0,
  requirements_not_met: 0,
  failed: 0,
});
const noStates = (): Record<ItemCounter, number> => ({
  unknown: 0,
  compliant: 0,
  non_compliant: 0,
  conflict: 0,
  failed: 0,
});

/** Moves one from a counter of the owner to another; undefined is counted nowhere. */
function count<Counter extends string>(
  changes: Map<string, Record<Counter, number>>,
  owner: string,
  from: Counter | undefined,
  to: Counter | undefined,
  none: () => Record<Counter, number>,
): void {
  if (from === to) return;
  const counters = changes.get(owner) ?? none();
  if (from !== undefined) counters[from] -= 1;
  if (to !== undefined) counters[to] += 1;
  changes.set(owner, counters);
}
