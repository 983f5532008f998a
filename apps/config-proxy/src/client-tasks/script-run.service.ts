import {
  collectionIdSchema,
  MAX_TASK_DEVICES,
  scriptErrors,
  scriptParameterValueSchema,
  type Approval,
  type ApprovalTarget,
  type ScriptParameter,
} from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import { z } from 'zod';
import type { ApprovableAction, Person } from '../approvals/approvable-action.js';
import type { ApprovalService } from '../approvals/approval.service.js';
import type { CollectionReach } from '../collections/collection-reach.js';
import type { IdempotencyService } from '../idempotency/idempotency.service.js';
import type { ScriptService } from '../scripts/script.service.js';
import {
  distinct,
  knownCollection,
  knownDevices,
  stoodSchema,
  type CollectionStood,
  type OperationService,
  type TaskTarget,
} from './operation.service.js';
import type { TargetStore } from './target.store.js';

/** A run as it waits for a second person: of the version that was approved when it was asked for. */
const runParamsSchema = z.object({
  scriptId: z.uuid(),
  number: z.number().int(),
  sha256: z.string(),
  name: z.string(),
  parameters: z.record(z.string(), z.string()),
  target: z.union([
    z.strictObject({ deviceIds: z.array(z.number().int()).max(MAX_TASK_DEVICES) }),
    z.strictObject({ collectionId: collectionIdSchema }),
  ]),
  /** Of a collection; missing where an earlier version kept it. */
  stood: stoodSchema.optional(),
});
type RunParams = z.output<typeof runParamsSchema>;

export interface ScriptRunServiceOptions {
  readonly db: Database;
  readonly scripts: ScriptService;
  readonly operations: OperationService;
  readonly targets: TargetStore;
  readonly reach: Pick<CollectionReach, 'definitionsOf'>;
  readonly approvals: Pick<ApprovalService, 'need'>;
  readonly idempotency: IdempotencyService;
}

/** What somebody wants to run. */
export interface WantedRun {
  readonly scriptId: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly target: TaskTarget;
}

/** Whom a run reaches, and what is said of it. */
interface Reached {
  readonly devices: number;
  readonly stood?: CollectionStood;
  readonly names: ReadonlyMap<string, string>;
  readonly shown: string;
}

const NAMES_SHOWN = 5;

/** Runs approved scripts; on many devices with the approval of a second person. */
export class ScriptRunService {
  constructor(private readonly options: ScriptRunServiceOptions) {}

  /**
   * Begins the run and gives the number of its operation, or the approval that it waits for.
   * @throws EspalierError ESP_SCRIPT_UNKNOWN, ESP_SCRIPT_NOT_APPROVED, ESP_SCRIPT_PARAMETERS_INVALID,
   * ESP_RESOURCE_UNKNOWN, ESP_COLLECTION_UNKNOWN, and as `ApprovalService.need`
   */
  async run(
    wanted: WantedRun,
    person: Person,
    request: { readonly key: string; readonly reason: string | undefined },
  ): Promise<Approval | number> {
    const { approvals, idempotency } = this.options;
    const { id, number, sha256, name, parameters, isApproved } = await this.#version(wanted.scriptId);
    const asked: RunParams = {
      scriptId: id,
      number,
      sha256,
      name,
      parameters: fitting(parameters, wanted.parameters),
      target: distinct(wanted.target),
    };
    const reached = await this.#reached(asked.target);
    const { stood } = reached;
    const params: RunParams = { ...asked, ...(stood !== undefined && { stood }) };
    if (!isApproved) throw scriptErrors.ESP_SCRIPT_NOT_APPROVED({ detail: `${name}, version ${number}.` });
    const summary = `Run the script "${name.slice(0, 100)}" (version ${number}, SHA-256 ${sha256.slice(0, 16)}…) on ${reached.shown}.`;
    const facts = { devices: reached.devices, names: reached.names, summary };
    const approval = await approvals.need('run-script', params, person, { ...request, facts });
    if (approval !== 'no') return approval;
    const once = { callerId: person.credentialId, key: request.key, body: asked };
    const { operationId } = await idempotency.run(once, async (tx) => ({
      operationId: await this.options.operations.begin(tx, work(asked), asked.target, person.title, stood),
    }));
    return operationId;
  }

  /** What is done once a second person has approved it; one approval begins one operation. */
  action(): ApprovableAction<RunParams> {
    const { idempotency, operations } = this.options;
    return {
      kind: 'run-script',
      scopes: ['scripts:run'],
      params: runParamsSchema,
      summary: ({ name, number }) => `Run version ${number} of the script "${name.slice(0, 100)}".`,
      targets: ({ target }): ApprovalTarget[] =>
        'collectionId' in target
          ? [{ type: 'collection', id: target.collectionId }]
          : target.deviceIds.map((id) => ({ type: 'device', id: String(id) })),
      execute: async (params, { approvalId, title }) => {
        const once = { callerId: 'approval', key: approvalId, body: params };
        const { operationId } = await idempotency.run(once, async (tx) => ({
          operationId: await operations.begin(tx, work(params), params.target, title, params.stood),
        }));
        return { ids: [String(operationId)], outcome: `It is operation ${operationId}.` };
      },
      takeBack: async ([id]) => operations.cancel(Number(id), 'It was taken back by who asked for it.'),
    };
  }

  async #version(scriptId: string) {
    const version = await this.options.scripts.version(this.options.db, scriptId);
    if (version === undefined) throw scriptErrors.ESP_SCRIPT_UNKNOWN({ detail: scriptId });
    return version;
  }

  async #reached(target: TaskTarget): Promise<Reached> {
    const { db, targets, reach } = this.options;
    if ('collectionId' in target) {
      // Before its members are counted: what changes in between is noticed.
      const definitions = JSON.stringify(await reach.definitionsOf(db, target.collectionId));
      const collection = await knownCollection(targets, db, target.collectionId);
      return {
        devices: collection.memberCount,
        stood: { devices: collection.memberCount, definitions },
        names: new Map([[target.collectionId, collection.name]]),
        shown: `the ${collection.memberCount} devices of ${collection.name.slice(0, 100)}`,
      };
    }
    const devices = await knownDevices(targets, db, target.deviceIds);
    const more = devices.length - NAMES_SHOWN;
    const shown = devices.slice(0, NAMES_SHOWN).map(({ name }) => name.slice(0, 40));
    return {
      devices: devices.length,
      names: new Map(devices.map(({ deviceId, name }) => [String(deviceId), name])),
      shown: `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    };
  }
}

const work = ({ scriptId, number, sha256, parameters }: RunParams) =>
  ({ kind: 'run-script', scriptId, number, sha256, parameters }) as const;

/** The values of all parameters that have one. @throws EspalierError ESP_SCRIPT_PARAMETERS_INVALID */
function fitting(
  defined: readonly ScriptParameter[],
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const names = new Set(defined.map(({ name }) => name));
  const fields: Record<string, string> = {};
  for (const name of Object.keys(given))
    if (!names.has(name)) fields[`parameters.${name}`] = 'is no parameter of the script';
  const values: Record<string, string> = {};
  for (const { name, isRequired, defaultValue } of defined) {
    const value = Object.hasOwn(given, name) ? given[name] : (defaultValue ?? undefined);
    const { success } = scriptParameterValueSchema.optional().safeParse(value);
    if (!success)
      fields[`parameters.${name}`] = 'must be well-formed, without NUL, and at most 1,000 characters';
    else if (value !== undefined) values[name] = value;
    else if (isRequired) fields[`parameters.${name}`] = 'is required';
  }
  if (Object.keys(fields).length > 0)
    throw scriptErrors.ESP_SCRIPT_PARAMETERS_INVALID({
      detail: Object.entries(fields)
        .slice(0, 5)
        .map(([name, problem]) => `${name} ${problem}.`)
        .join(' '),
      fields,
    });
  return values;
}
