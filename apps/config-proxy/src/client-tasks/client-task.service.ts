import {
  scriptErrors,
  type ClientTask,
  type ClientTaskKind,
  type ClientTaskState,
  type ScriptLanguage,
} from '@espalier/contracts';
import type { Database, Tx } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import type { Restriction } from '../access/restrict.js';
import type { ScriptService } from '../scripts/script.service.js';
import type { OperationStore } from './operation.store.js';
import { keepOutput } from './task.output.js';
import {
  headPlace,
  outputPlace,
  paramsPlace,
  toTask,
  type OperationParams,
  type OperationRow,
  type TaskRow,
} from './task.rows.js';
import type { TargetStore } from './target.store.js';
import type { TaskQuery, TaskStore, TaskWithOutput } from './task.store.js';

export interface ClientTaskServiceOptions {
  readonly db: Database;
  readonly operations: OperationStore;
  readonly tasks: TaskStore;
  readonly targets: TargetStore;
  readonly scripts: Pick<ScriptService, 'version' | 'textOf'>;
  readonly vault: Keyring;
  readonly now: () => Date;
}

/** What a Mac client is to do. */
export type TaskContent =
  | {
      readonly kind: 'run-script';
      readonly language: ScriptLanguage;
      readonly text: string;
      /** Of the text: the client runs nothing else. */
      readonly sha256: string;
      readonly parameters: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'cmpivot'; readonly query: string }
  | { readonly kind: 'install-application'; readonly applicationId: string };

/** A task as its device gets it. */
export interface TakenTask {
  readonly id: string;
  readonly content: TaskContent;
  /** Until when the device may report; epoch ms. */
  readonly expiresAt: number;
}

/** What came of a task, as its device says. */
export interface TaskReport {
  readonly state: Extract<ClientTaskState, 'succeeded' | 'failed' | 'requirements-not-met'>;
  readonly exitCode: number | null;
  /** What it printed; the first 80 KB are kept. */
  readonly output: Uint8Array | string;
  /** For people, where there is more to say. */
  readonly reason?: string;
}

/** A task that has ended, with its output. */
export interface TaskResult extends ClientTask {
  readonly output: string;
}

const HOUR_MS = 3_600_000;
/** How long a device that has fetched a task may take to report. */
const runTimes: Readonly<Record<ClientTaskKind, number>> = {
  'run-script': HOUR_MS,
  cmpivot: HOUR_MS,
  'install-application': 24 * HOUR_MS,
};
/** Texts of scripts are up to 200,000 characters each. */
const TAKEN_AT_ONCE = 10;
const REASON_LENGTH = 500;
const SMALLEST_INTEGER = -2_147_483_648;
const GREATEST_INTEGER = 2_147_483_647;

/** What Mac clients fetch and report, and what is seen of it. */
export class ClientTaskService {
  constructor(private readonly options: ClientTaskServiceOptions) {}

  /** A Mac client is there: from now on its device gets tasks. @param version as the client says */
  async register(deviceId: number, version: string): Promise<void> {
    const { db, targets, now } = this.options;
    await db.transaction((tx) => targets.registerClient(tx, deviceId, version.slice(0, 64), now().getTime()));
  }

  /**
   * What a device is to do now, oldest first, ten at most. A device that asks again, as after a crash, gets what it has
   * fetched and not reported once more; replicas that are asked at once answer the same.
   */
  async take(deviceId: number): Promise<TakenTask[]> {
    const { db, operations, tasks, now } = this.options;
    return db.transaction(async (tx) => {
      const at = now().getTime();
      const open = await tasks.lockOpen(tx, deviceId, at, TAKEN_AT_ONCE);
      const known = await operations.findAll(tx, [...new Set(open.map((task) => task.operation_id))]);
      const taken: TakenTask[] = [];
      for (const task of open) {
        const operation = known.get(task.operation_id);
        const content = operation && (await this.#content(tx, operation));
        if (operation === undefined || content === undefined) {
          await tasks.end(tx, task.id, { ...nothing, state: 'cancelled', reason: NOT_APPROVED, at });
          continue;
        }
        taken.push({ id: task.id, content, expiresAt: await this.#fetched(tx, task, operation.kind, at) });
      }
      return taken;
    });
  }

  /**
   * What came of a task. Reporting again changes nothing: the first end of a task stands.
   * @throws EspalierError ESP_CLIENT_TASK_UNKNOWN where the device has fetched no such task
   */
  async report(deviceId: number, taskId: string, report: TaskReport): Promise<ClientTaskState> {
    const { db, tasks, vault, now } = this.options;
    const { text, bytes, isTruncated } = keepOutput(report.output);
    return db.transaction(async (tx) => {
      const task = await tasks.lock(tx, taskId, deviceId);
      if (task === undefined || task.state === 'waiting')
        throw scriptErrors.ESP_CLIENT_TASK_UNKNOWN({ detail: taskId });
      if (task.state !== 'fetched') return task.state;
      await tasks.end(tx, taskId, {
        state: report.state,
        reason: report.reason === undefined ? null : plain(report.reason),
        exitCode: report.exitCode === null ? null : within32Bits(report.exitCode),
        outputSealed: bytes === 0 ? null : vault.seal(Buffer.from(text), outputPlace(taskId)),
        headSealed: bytes === 0 ? null : vault.seal(Buffer.from(headOf(text)), headPlace(taskId)),
        outputBytes: bytes,
        isTruncated,
        at: now().getTime(),
      });
      return report.state;
    });
  }

  /** @param within condition on `t.device_id` */
  async list(
    operationId: number,
    request: TaskQuery,
    within: Restriction,
  ): Promise<{ items: ClientTask[]; nextCursor?: string }> {
    const { db, tasks } = this.options;
    const { rows, next } = await tasks.list(db, operationId, request, within);
    return { items: rows.map(toTask), ...(next !== undefined && { nextCursor: next }) };
  }

  /** @throws EspalierError ESP_CLIENT_TASK_UNKNOWN */
  async get(operationId: number, deviceId: number): Promise<TaskResult> {
    const found = await this.find(operationId, deviceId);
    if (found === undefined)
      throw scriptErrors.ESP_CLIENT_TASK_UNKNOWN({ detail: `${operationId}/${deviceId}` });
    return found;
  }

  /** Undefined where the device has no task of the operation. */
  async find(operationId: number, deviceId: number): Promise<TaskResult | undefined> {
    const row = await this.options.tasks.find(this.options.db, operationId, deviceId);
    return row && this.#result(row);
  }

  /** What has ended of an operation, in the order of devices. @param within condition on `t.device_id` */
  async results(
    operationId: number,
    page: { readonly after: number; readonly limit: number; readonly within: Restriction },
  ): Promise<TaskResult[]> {
    const rows = await this.options.tasks.answered(this.options.db, operationId, page);
    return rows.map((row) => this.#result(row));
  }

  /** The beginning of an output, as it stands in a row. */
  head(taskId: string, sealed: string): string {
    return this.options.vault.open(sealed, headPlace(taskId)).toString();
  }

  #result(row: TaskWithOutput): TaskResult {
    return {
      ...toTask(row),
      output:
        row.output_sealed === null
          ? ''
          : this.options.vault.open(row.output_sealed, outputPlace(row.id)).toString(),
    };
  }

  async #fetched(tx: Tx, task: TaskRow, kind: ClientTaskKind, at: number): Promise<number> {
    if (task.state === 'fetched') return task.expires_at;
    const expiresAt = at + runTimes[kind];
    await this.options.tasks.fetched(tx, task.id, at, expiresAt);
    return expiresAt;
  }

  /** Undefined where it is not to be done any more: a script that is not approved (any longer) never leaves the site. */
  async #content(tx: Tx, operation: OperationRow): Promise<TaskContent | undefined> {
    const { scripts, vault } = this.options;
    const sealed = vault.open(operation.params_sealed, paramsPlace(operation.id)).toString();
    const { parameters = {}, query = '' } = JSON.parse(sealed) as OperationParams;
    switch (operation.kind) {
      case 'run-script': {
        const { script_id: scriptId, script_number: number, sha256 } = operation;
        if (scriptId === null || number === null) return undefined;
        const version = await scripts.version(tx, scriptId, number);
        if (version?.isApproved !== true || version.sha256 !== sha256) return undefined;
        const text = await scripts.textOf(tx, version.versionId);
        return { kind: 'run-script', language: version.language, text, sha256, parameters };
      }
      case 'cmpivot':
        return { kind: 'cmpivot', query };
      case 'install-application':
        return operation.application_id === null
          ? undefined
          : { kind: 'install-application', applicationId: operation.application_id };
    }
  }
}

/** As much as ConfigMgr keeps of an output. */
const HEAD_LENGTH = 4_096;
const headOf = (text: string): string => text.slice(0, HEAD_LENGTH).toWellFormed();
const NOT_APPROVED = 'The script is not approved any more.';
const nothing = {
  exitCode: null,
  outputSealed: null,
  headSealed: null,
  outputBytes: 0,
  isTruncated: false,
} as const;

/** One line that every database takes. */
const plain = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, ' ')
    .slice(0, REASON_LENGTH)
    .toWellFormed();

/** Exit codes of Windows are unsigned, those of Unix small: columns are 32 bits with a sign. */
const within32Bits = (code: number): number =>
  Math.trunc(Math.min(Math.max(Number.isNaN(code) ? 0 : code, SMALLEST_INTEGER), GREATEST_INTEGER));
