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
  type DeploymentStateRow,
} from './deployment-state.js';
import type {
  ItemCounter,
  ItemStateRow,
  ItemSummaryChange,
  OtherStateRow,
  StateIntakeStore,
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
    const at = this.now().getTime();
    const wanted = [...byKey.values()].map(([first]) =>
      emptyDeploymentState(first.topicId, first.enrollmentId),
    );
    const known = await this.store.lockDeploymentStates(tx, wanted);
    const changes = new Map<string, Record<SummaryCounter, number>>();
    const changed: DeploymentStateRow[] = [];
    for (const row of known) {
      const messages = byKey.get(keyOf(row.deployment_id, row.enrollment_id)) ?? [];
      const next = messages.reduce(applyToDeploymentState, row);
      if (next === row) continue;
      changed.push({ ...next, updated_at: at });
      count(
        changes,
        row.deployment_id,
        counterOfStatus[row.status],
        counterOfStatus[next.status],
        noStatuses,
      );
    }
    await this.store.writeDeploymentStates(tx, changed);
    return [...changes].map(([deployment_id, counters]) => ({ deployment_id, ...counters }));
  }

  async #takeItemStates(tx: Tx, byKey: Grouped): Promise<ItemSummaryChange[]> {
    const at = this.now().getTime();
    const wanted = [...byKey.values()].map(([first]) => emptyItemState(first));
    const known = await this.store.lockItemStates(tx, wanted);
    const changes = new Map<string, Record<ItemCounter, number>>();
    const changed: ItemStateRow[] = [];
    for (const row of known) {
      const key = keyOf(`${row.deployment_id}/${row.ci_id}`, row.enrollment_id);
      const newest = newestOf(byKey.get(key) ?? [], row.sequence);
      if (newest === undefined) continue;
      const state = newest.gone === true ? GONE : newest.stateId;
      changed.push({ ...row, state, ...factsOf(newest), updated_at: at });
      const owner = `${row.deployment_id}/${row.ci_id}`;
      count(changes, owner, counterOfState[row.state], counterOfState[state], noStates);
    }
    await this.store.writeItemStates(tx, changed);
    return [...changes].map(([owner, counters]) => ({ ...splitItem(owner), ...counters }));
  }

  async #takeOtherStates(tx: Tx, byKey: Grouped): Promise<void> {
    const at = this.now().getTime();
    const wanted = [...byKey.values()].map(([first]) => otherState({ ...first, sequence: -1 }, at));
    const known = await this.store.lockOtherStates(tx, wanted);
    const changed = known.flatMap((row) => {
      const key = keyOf(`${row.topic_type}:${row.topic_id}`, row.enrollment_id);
      const newest = newestOf(byKey.get(key) ?? [], row.sequence);
      return newest === undefined ? [] : [otherState(newest, at)];
    });
    await this.store.writeOtherStates(tx, changed);
  }
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
