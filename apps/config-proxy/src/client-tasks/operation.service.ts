import { randomUUID } from 'node:crypto';
import {
  collectionErrors,
  resourceErrors,
  scriptErrors,
  type ClientOperation,
  type ClientTaskKind,
  type ClientTaskState,
} from '@espalier/contracts';
import type { Database, Queryable, Tx } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import { z } from 'zod';
import { unrestricted, type Restriction } from '../access/restrict.js';
import type { CollectionReach } from '../collections/collection-reach.js';
import type { JobKind, JobStepResult, RunningJob } from '../jobs/job.kind.js';
import type { JobService } from '../jobs/job.service.js';
import type { NumberSeries } from '../number-series/number-series.js';
import type { ScriptService } from '../scripts/script.service.js';
import type { OperationStore } from './operation.store.js';
import type { TargetDevice, TargetStore } from './target.store.js';
import { paramsPlace, type OperationParams, type OperationRow } from './task.rows.js';
import type { NewTask, TaskStore } from './task.store.js';

/** Devices by their ids (at most 500), or all that are in a collection when their turn comes. */
export type TaskTarget = { readonly deviceIds: readonly number[] } | { readonly collectionId: string };

/** The same with each device once, in a fixed order. */
export function distinct(target: { readonly deviceIds: readonly number[] }): { deviceIds: number[] };
export function distinct(target: TaskTarget): { deviceIds: number[] } | { collectionId: string };
export function distinct(target: TaskTarget): { deviceIds: number[] } | { collectionId: string } {
  return 'collectionId' in target
    ? { collectionId: target.collectionId }
    : { deviceIds: [...new Set(target.deviceIds)].sort((a, b) => a - b) };
}

/** What somebody weighed of a collection, alone or as a second person: what it becomes later was not meant. */
export const stoodSchema = z.object({
  devices: z.number().int(),
  /** As JSON: what decides who its members are. */
  definitions: z.string(),
});
export type CollectionStood = z.output<typeof stoodSchema>;

/** What Mac clients are to do. */
export type TaskWork =
  | {
      readonly kind: 'run-script';
      readonly scriptId: string;
      /** What was approved: another text is never run in its place. */
      readonly number: number;
      readonly sha256: string;
      readonly parameters: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'cmpivot'; readonly query: string }
  | { readonly kind: 'install-application'; readonly applicationId: string; readonly name: string };

export interface OperationServiceOptions {
  readonly db: Database;
  readonly operations: OperationStore;
  readonly tasks: TaskStore;
  readonly targets: TargetStore;
  readonly scripts: Pick<ScriptService, 'version'>;
  readonly reach: Pick<CollectionReach, 'definitionsOf'>;
  readonly jobs: Pick<JobService, 'create'>;
  readonly numbers: Pick<NumberSeries, 'take'>;
  readonly vault: Keyring;
  readonly now: () => Date;
}

/** How far an operation could be undone. */
export interface CancelledOperation {
  readonly takenBack: number;
  /** Tasks that devices had fetched, or that had ended. */
  readonly tooLate: number;
}

const HOUR_MS = 3_600_000;
/** How long devices may take to fetch a task: an hour as in ConfigMgr, for applications as long as approvals last. */
export const lifetimes: Readonly<Record<ClientTaskKind, number>> = {
  'run-script': HOUR_MS,
  cmpivot: HOUR_MS,
  'install-application': 7 * 24 * HOUR_MS,
};

const JOB_KIND = 'client-tasks';
const DEVICES_AT_ONCE = 500;
const NAME_LENGTH = 255;
const TITLE_LENGTH = 400;
export const NO_CLIENT = 'Requirements not met: there is no Mac client on this device.';
const NOT_IN_USE = 'Requirements not met: this device is not in use.';
const OTHERWISE =
  'The collection has grown or was changed since this was asked for: the devices that nobody weighed were left out.';
const jobParams = z.object({ operationId: z.number().int(), stood: stoodSchema.optional() });
type JobParams = z.output<typeof jobParams>;

/** Begins and cancels operations: what one request asks of Mac clients. */
export class OperationService {
  constructor(private readonly options: OperationServiceOptions) {}

  /**
   * Begins an operation; gives its number. Devices get their tasks at once, those of a collection by a job.
   * @param stood what was weighed of the collection; where it matters whom it reaches
   * @throws EspalierError ESP_SCRIPT_NOT_APPROVED, ESP_RESOURCE_UNKNOWN, ESP_COLLECTION_UNKNOWN
   */
  async begin(
    tx: Tx,
    work: TaskWork,
    target: TaskTarget,
    by: string,
    stood?: CollectionStood,
  ): Promise<number> {
    const { operations, targets, jobs, numbers, vault, now } = this.options;
    const at = now().getTime();
    const expiresAt = at + lifetimes[work.kind];
    const { title, row, params } = await this.#described(tx, work);
    const collectionId = 'collectionId' in target ? target.collectionId : null;
    const collection = collectionId === null ? undefined : await knownCollection(targets, tx, collectionId);
    const devices = 'deviceIds' in target ? await knownDevices(targets, tx, target.deviceIds) : [];
    const id = await numbers.take(tx, 'client-operation', 1);
    const job =
      collection &&
      (await jobs.create(tx, {
        kind: JOB_KIND,
        title: `${title}: ${collection.name}`,
        params: { operationId: id, stood } satisfies JobParams,
        createdBy: by,
        total: collection.memberCount,
      }));
    await operations.insert(tx, {
      ...row,
      id,
      title,
      collection_id: collectionId,
      params_sealed: sealed(vault, id, params),
      job_id: job?.id ?? null,
      requested_by: by.slice(0, NAME_LENGTH),
      requested_at: at,
      expires_at: expiresAt,
      cancelled_at: null,
    });
    await this.#makeTasks(tx, { id, expiresAt }, devices, at);
    return id;
  }

  /**
   * @param within condition on `t.device_id`: whoever reaches none of its devices does not know the operation
   * @throws EspalierError ESP_CLIENT_OPERATION_UNKNOWN
   */
  async get(id: number, within: Restriction, seesAll: boolean): Promise<ClientOperation> {
    const found = await this.find(id, within);
    if (found === undefined || (!seesAll && countOf(found) === 0)) throw unknown(id);
    return found;
  }

  /** Undefined where there is none. @param within condition on `t.device_id`: whose tasks are counted */
  async find(id: number, within: Restriction): Promise<ClientOperation | undefined> {
    const { db, operations, tasks } = this.options;
    const row = await operations.find(db, id);
    return row && toOperation(row, await tasks.counts(db, id, within));
  }

  /** Of what kind it is, for those who ask again and again; undefined where there is none. */
  async kindOf(id: number): Promise<ClientTaskKind | undefined> {
    return (await this.options.operations.find(this.options.db, id))?.kind;
  }

  /** Takes back what no device has fetched; no more tasks are made. Repeating it is harmless. */
  async cancel(id: number, reason: string): Promise<CancelledOperation> {
    const { db, operations, tasks, now } = this.options;
    return db.transaction(async (tx) => {
      const row = await operations.lock(tx, id);
      if (row === undefined) throw unknown(id);
      const at = now().getTime();
      await operations.cancel(tx, id, at);
      await tasks.cancelWaiting(tx, id, at, reason);
      const counts = await tasks.counts(tx, id, unrestricted);
      const takenBack = counts.find(({ state }) => state === 'cancelled')?.count ?? 0;
      const began = (state: ClientTaskState): boolean =>
        state === 'fetched' || state === 'succeeded' || state === 'failed';
      const tooLate = counts.reduce((sum, { state, count }) => sum + (began(state) ? count : 0), 0);
      return { takenBack, tooLate };
    });
  }

  /** A script, or one version of it, is not to run any more: in the transaction that says so. */
  async withdraw(tx: Tx, scriptId: string, number: number | undefined, reason: string): Promise<void> {
    const { operations, tasks, now } = this.options;
    const at = now().getTime();
    for (const id of await operations.ofScript(tx, scriptId, number, at)) {
      await operations.lock(tx, id);
      await operations.cancel(tx, id, at);
      await tasks.cancelWaiting(tx, id, at, reason);
    }
  }

  /** Makes the tasks of a collection. What a step made before it was interrupted is not made again. */
  kind(): JobKind<JobParams> {
    return {
      kind: JOB_KIND,
      params: jobParams,
      cancelScope: 'scripts:run',
      step: (job) => this.#step(job),
      abandoned: async (tx, { operationId }) => {
        const at = this.options.now().getTime();
        await this.options.operations.cancel(tx, operationId, at);
        await this.options.tasks.cancelWaiting(tx, operationId, at, 'The job was stopped.');
      },
    };
  }

  #step({ params: { operationId, stood }, cursor }: RunningJob<JobParams>): Promise<JobStepResult> {
    const { db, operations, targets, now } = this.options;
    const [after = 0, made = 0] = (cursor ?? '0').split(' ').map(Number);
    return db.transaction(async (tx) => {
      const row = await operations.lock(tx, operationId);
      const at = now().getTime();
      const isOver = row === undefined || row.cancelled_at !== null || row.expires_at <= at;
      if (isOver || row.collection_id === null) return { done: 0, cursor, finished: true };
      const members = await targets.members(tx, row.collection_id, after, DEVICES_AT_ONCE);
      const last = members.at(-1);
      if (last === undefined) return { done: 0, cursor, finished: true };
      const isSame = stood === undefined || (await this.#stillStands(tx, row.collection_id, stood));
      const devices = isSame ? members.slice(0, (stood?.devices ?? Infinity) - made) : [];
      await this.#makeTasks(tx, { id: operationId, expiresAt: row.expires_at }, devices, at);
      const step = { done: devices.length, cursor: `${last.deviceId} ${made + devices.length}` };
      return devices.length === members.length
        ? { ...step, finished: false }
        : { ...step, finished: true, messages: [OTHERWISE] };
    });
  }

  async #stillStands(tx: Tx, collectionId: string, { definitions }: CollectionStood): Promise<boolean> {
    return JSON.stringify(await this.options.reach.definitionsOf(tx, collectionId)) === definitions;
  }

  async #makeTasks(
    tx: Tx,
    operation: { readonly id: number; readonly expiresAt: number },
    devices: readonly TargetDevice[],
    at: number,
  ): Promise<void> {
    await this.options.tasks.insertAbsent(
      tx,
      devices.map((device): NewTask => {
        const reason = device.isInUse ? (device.hasClient ? null : NO_CLIENT) : NOT_IN_USE;
        return {
          id: randomUUID(),
          operationId: operation.id,
          deviceId: device.deviceId,
          state: reason === null ? 'waiting' : 'requirements-not-met',
          reason,
          at,
          expiresAt: operation.expiresAt,
        };
      }),
    );
  }

  async #described(
    tx: Tx,
    work: TaskWork,
  ): Promise<{
    title: string;
    params: OperationParams;
    row: Pick<OperationRow, 'kind' | 'script_id' | 'script_number' | 'sha256' | 'application_id'>;
  }> {
    const none = { script_id: null, script_number: null, sha256: null, application_id: null };
    switch (work.kind) {
      case 'run-script': {
        const { kind, scriptId, number, sha256, parameters } = work;
        const version = await this.options.scripts.version(tx, scriptId, number);
        if (version?.isApproved !== true || version.sha256 !== sha256)
          throw scriptErrors.ESP_SCRIPT_NOT_APPROVED({ detail: `Version ${number} of ${scriptId}.` });
        return {
          title: `Run the script ${version.name}`.slice(0, TITLE_LENGTH),
          params: { parameters },
          row: { ...none, kind, script_id: scriptId, script_number: number, sha256 },
        };
      }
      case 'cmpivot':
        return { title: 'CMPivot query', params: { query: work.query }, row: { ...none, kind: work.kind } };
      case 'install-application':
        return {
          title: `Install ${work.name}`.slice(0, TITLE_LENGTH),
          params: {},
          row: { ...none, kind: work.kind, application_id: work.applicationId },
        };
    }
  }
}

/** @throws EspalierError ESP_RESOURCE_UNKNOWN naming the first that is none */
export async function knownDevices(
  targets: TargetStore,
  on: Queryable,
  ids: readonly number[],
): Promise<TargetDevice[]> {
  const found = await targets.devices(on, ids);
  const known = new Set(found.map(({ deviceId }) => deviceId));
  const missing = ids.find((id) => !known.has(id));
  if (missing !== undefined) throw resourceErrors.ESP_RESOURCE_UNKNOWN({ detail: String(missing) });
  return found;
}

/** @throws EspalierError ESP_COLLECTION_UNKNOWN */
export async function knownCollection(
  targets: TargetStore,
  on: Queryable,
  id: string,
): Promise<{ readonly name: string; readonly memberCount: number }> {
  const found = await targets.collection(on, id);
  if (found === undefined) throw collectionErrors.ESP_COLLECTION_UNKNOWN({ detail: id });
  return found;
}

/** Tasks of an operation. */
export const countOf = ({ tasks }: ClientOperation): number =>
  Object.values(tasks).reduce((sum, count) => sum + count, 0);

const sealed = (vault: Keyring, id: number, params: OperationParams): string =>
  vault.seal(Buffer.from(JSON.stringify(params)), paramsPlace(id));

const unknown = (id: number): Error => scriptErrors.ESP_CLIENT_OPERATION_UNKNOWN({ detail: String(id) });

function toOperation(
  row: OperationRow,
  counts: readonly { readonly state: ClientTaskState; readonly count: number }[],
): ClientOperation {
  const tasks = {
    waiting: 0,
    fetched: 0,
    succeeded: 0,
    failed: 0,
    expired: 0,
    cancelled: 0,
    'requirements-not-met': 0,
    ...Object.fromEntries(counts.map(({ state, count }) => [state, count])),
  };
  return {
    id: row.id,
    kind: row.kind,
    title: row.title,
    collectionId: row.collection_id,
    scriptId: row.script_id,
    scriptVersion: row.script_number,
    sha256: row.sha256,
    applicationId: row.application_id,
    jobId: row.job_id,
    requestedBy: row.requested_by,
    requestedAt: row.requested_at,
    expiresAt: row.expires_at,
    tasks,
  };
}
