import { variablesBodySchema, type Approval } from '@espalier/contracts';
import { methodResult, type ServiceContext } from '@espalier/odata';
import { z } from 'zod';
import type { Visibility } from '../../access/visibility.service.js';
import { personOf } from '../../approvals/approval.http.js';
import type { SiteApprovals } from '../../approvals/site-approvals.js';
import type { VariableOwner, VariableService } from '../../collections/variable.service.js';
import type { ResourceService } from '../../resources/resource.service.js';
import type { DoorAnswer, LazyReader, MethodHandler, Visitor, WriteHandler } from '../door.js';
import type { ClientTaskHandlers } from './client-task.handlers.js';
import { RESTART, type ClientOperationService } from './client-operation.service.js';
import { approvalAnswer } from './approval.answer.js';
import { invalid } from './collection-rule.body.js';
import { oneOrMore, readBody } from './read-body.js';

export interface DeviceHandlersOptions {
  readonly resources: Pick<ResourceService, 'remove'>;
  readonly approvals: Pick<SiteApprovals, 'device'>;
  readonly variables: VariableService;
  readonly operations: ClientOperationService;
  readonly visibility: Visibility;
  readonly tasks: Pick<ClientTaskHandlers, 'initiate'>;
}

/** ConfigMgr's number of the operation that runs a script. */
const RUN_SCRIPT = 135;
const operationSchema = z.object({
  Type: z.coerce.number().int(),
  TargetCollectionID: z.string(),
  RandomizationWindow: z.coerce.number().optional(),
  TargetResourceIDs: oneOrMore(z.coerce.number().int(), 10_000).nullish(),
});
const variableListSchema = z.array(
  z.object({
    Name: z.string(),
    Value: z.string().nullish(),
    IsMasked: z.boolean().default(false),
  }),
);

/** What scripts do with devices (sccm.md §1.2). */
export class DeviceHandlers {
  constructor(private readonly options: DeviceHandlersOptions) {}

  get methods(): Readonly<Record<string, MethodHandler>> {
    const { operations, visibility } = this.options;
    return {
      'SMS_ClientOperation.InitiateClientOperation': {
        scope: 'devices:push',
        run: async ({ args, visitor, context }) => {
          if (Number(args['Type']) === RUN_SCRIPT) return this.options.tasks.initiate(args, visitor, context);
          const { Type, TargetCollectionID, TargetResourceIDs } = readBody(operationSchema, args);
          await visibility.requireCollections([TargetCollectionID], visitor.caller.reach('devices:push'));
          const wanted = { collectionId: TargetCollectionID, resourceIds: TargetResourceIDs ?? [] };
          if (Type === RESTART) return this.#restart(wanted, visitor, context);
          const OperationID = await operations.initiate({ type: Type, ...wanted }, visitor);
          return { status: 201, json: methodResult(context, { OperationID }) };
        },
      },
    };
  }

  get writes(): Readonly<Record<string, WriteHandler>> {
    const { visibility } = this.options;
    return {
      SMS_R_System: {
        scope: 'devices:write',
        remove: (row, visitor) => this.#delete(Number(row['ResourceId']), visitor),
      },
      Device: {
        scope: 'devices:write',
        remove: (row, visitor) => this.#delete(Number(row['MachineId']), visitor),
      },
      SMS_MachineSettings: {
        scope: 'devices:write',
        create: async (body, { caller }) => {
          const { ResourceID } = readBody(z.object({ ResourceID: z.coerce.number().int().min(1) }), body);
          await visibility.requireDevices([ResourceID], caller.reach('devices:write'));
          await this.#write({ deviceId: ResourceID }, body['MachineVariables']);
          return { ResourceID };
        },
        change: (row, body) => this.#write({ deviceId: Number(row['ResourceID']) }, body['MachineVariables']),
      },
      SMS_CollectionSettings: {
        scope: 'collections:write',
        create: async (body, { caller }) => {
          const { CollectionID } = readBody(z.object({ CollectionID: z.string() }), body);
          await visibility.requireCollections([CollectionID], caller.reach('collections:write'));
          await this.#write({ collectionId: CollectionID }, body['CollectionVariables']);
          return { CollectionID };
        },
        change: (row, body) =>
          this.#write({ collectionId: String(row['CollectionID']) }, body['CollectionVariables']),
      },
    };
  }

  get lazy(): Readonly<Record<string, LazyReader>> {
    return {
      SMS_MachineSettings: async (row) => {
        row['MachineVariables'] = await this.#shown({ deviceId: Number(row['ResourceID']) });
      },
      SMS_CollectionSettings: async (row) => {
        row['CollectionVariables'] = await this.#shown({ collectionId: String(row['CollectionID']) });
      },
    };
  }

  /** The record of a device, as `DELETE /api/v1/devices/:resourceId`. */
  async #delete(resourceId: number, { caller, asked }: Visitor): Promise<Approval | undefined> {
    const { approvals, resources } = this.options;
    const reason = asked.reason ?? 'Asked for through AdminService (deletion of a device).';
    const approval = await approvals.device('delete-device', resourceId, personOf(caller), {
      key: asked.key,
      reason,
    });
    if (approval !== 'no') return approval;
    await resources.remove(resourceId, undefined);
    return undefined;
  }

  /** Needs what the command RestartDevice needs. */
  async #restart(
    wanted: { readonly collectionId: string; readonly resourceIds: readonly number[] },
    visitor: Visitor,
    context: ServiceContext,
  ): Promise<DoorAnswer> {
    const { caller } = visitor;
    const { operations, visibility } = this.options;
    const scopes = ['commands:write', 'commands:destructive'] as const;
    for (const scope of scopes) visitor.need(scope);
    const answer = await operations.restart(wanted, visitor, async (enrollmentIds) => {
      for (const scope of scopes) await visibility.requireEnrollments(enrollmentIds, caller.reach(scope));
    });
    return typeof answer === 'number'
      ? { status: 201, json: methodResult(context, { OperationID: answer }) }
      : approvalAnswer(answer, (json) => methodResult(context, json));
  }

  /** A masked variable that comes back as it was shown, without its value, keeps the value that it has. */
  async #write(owner: VariableOwner, given: unknown): Promise<void> {
    if (given === undefined)
      throw invalid(`The body needs ${'deviceId' in owner ? 'Machine' : 'Collection'}Variables.`);
    const variables = readBody(variableListSchema, given).map(({ Name, Value, IsMasked }) => ({
      name: Name,
      isMasked: IsMasked,
      ...(!(IsMasked && (Value ?? '') === '') && { value: Value ?? '' }),
    }));
    const body = readBody(variablesBodySchema, { variables });
    await this.options.variables.replace(owner, body.variables, () => undefined);
  }

  async #shown(owner: VariableOwner): Promise<object[]> {
    const { variables } = await this.options.variables.get(owner);
    return variables.map(({ name, value, isMasked }) => ({
      Name: name,
      Value: value ?? '',
      IsMasked: isMasked,
    }));
  }
}
