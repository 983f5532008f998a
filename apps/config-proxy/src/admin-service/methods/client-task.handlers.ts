import {
  adminServiceErrors,
  MAX_TASK_DEVICES,
  pivotQuerySchema,
  resourceErrors,
  scriptErrors,
  type Approval,
} from '@espalier/contracts';
import { methodResult, valueEnvelope, type ServiceContext } from '@espalier/odata';
import type { Database } from '@espalier/persistence';
import { z } from 'zod';
import type { Visibility } from '../../access/visibility.service.js';
import { personOf } from '../../approvals/approval.http.js';
import type { ClientTaskRooms } from '../../client-tasks/client-task.rooms.js';
import type { Asking } from '../../client-tasks/client-work.service.js';
import type { TaskTarget } from '../../client-tasks/operation.service.js';
import type { DoorAnswer, MethodCall, MethodHandler, Visitor } from '../door.js';
import { approvalAnswer } from './approval.answer.js';
import { ClientTaskResults, deviceOf } from './client-task.results.js';
import { invalid } from './collection-rule.body.js';
import { oneOrMore, readBody } from './read-body.js';
import { readScriptContent } from './script-parameters.xml.js';

export interface ClientTaskHandlersOptions {
  readonly db: Database;
  readonly clientTasks: Pick<
    ClientTaskRooms,
    'scripts' | 'runs' | 'work' | 'operations' | 'tasks' | 'targets'
  >;
  readonly visibility: Visibility;
}

const runScriptSchema = z.object({
  ScriptGuid: z.guid(),
  InputParameters: z
    .array(z.object({ ParameterName: z.string().max(64), ParameterValue: z.coerce.string() }))
    .max(20)
    .nullish(),
});
const operationSchema = z.object({
  Param: z.string().max(200_000),
  TargetCollectionID: z
    .string()
    .nullish()
    .transform((id) => id ?? ''),
  TargetResourceIDs: oneOrMore(z.coerce.number().int(), MAX_TASK_DEVICES).nullish(),
});
const pivotSchema = z.object({ InputQuery: pivotQuerySchema });
const installSchema = z.object({
  Devices: oneOrMore(
    z.string().regex(/^GUID:[0-9A-Fa-f-]{36}$/i, 'must be an SMSID: GUID:…'),
    MAX_TASK_DEVICES,
  ).refine((devices) => devices.length > 0, 'must not be empty'),
  InstallationType: z.coerce.number().int().nullish(),
});

/** What scripts have Mac clients do, and what came of it (sccm.md §1.2). */
export class ClientTaskHandlers {
  readonly #results: ClientTaskResults;

  constructor(private readonly options: ClientTaskHandlersOptions) {
    this.#results = new ClientTaskResults(options);
  }

  get methods(): Readonly<Record<string, MethodHandler>> {
    const device = ({ row }: MethodCall): TaskTarget => ({ deviceIds: [deviceOf(row)] });
    const members = ({ row }: MethodCall): TaskTarget => ({ collectionId: String(row?.['CollectionID']) });
    return {
      'Device.RunScript': this.#run(device),
      'Device.RunCMPivot': this.#pivot(device, (OperationId) => valueEnvelope({ OperationId })),
      'Device.ScriptResult': this.#results.ofDevice('run-script'),
      'Device.CMPivotResult': this.#results.ofDevice('cmpivot'),
      'Collections.RunScript': this.#run(members),
      'Collections.RunCMPivot': this.#pivot(members, (OperationId) => ({ OperationId })),
      'Collections.ScriptResult': this.#results.ofCollection('run-script'),
      'Collections.CMPivotResult': this.#results.ofCollection('cmpivot'),
      'Application.InstallApplication': { scope: 'deployments:write', run: (call) => this.#install(call) },
    };
  }

  /**
   * Client operation 135: a script with parameters, which RunScript of ConfigMgr cannot pass.
   * @throws EspalierError as `ScriptRunService.run`
   */
  async initiate(args: MethodCall['args'], visitor: Visitor, context: ServiceContext): Promise<DoorAnswer> {
    visitor.need('scripts:run');
    const { caller, asked } = visitor;
    const { clientTasks, visibility } = this.options;
    const { Param, TargetCollectionID, TargetResourceIDs } = readBody(operationSchema, args);
    const { scriptId, sha256, parameters } = readScriptContent(Param);
    const deviceIds = TargetResourceIDs ?? [];
    const reach = caller.reach('scripts:run');
    if (TargetCollectionID !== '') await visibility.requireCollections([TargetCollectionID], reach);
    await visibility.requireDevices(deviceIds, reach);
    if (deviceIds.length === 0 && TargetCollectionID === '')
      throw invalid('TargetResourceIDs or TargetCollectionID must say where it is to run.');
    const known = await clientTasks.scripts.find(scriptId);
    if (known === undefined) throw scriptErrors.ESP_SCRIPT_UNKNOWN({ detail: scriptId });
    if (sha256 !== undefined && sha256 !== known.sha256)
      throw invalid(`The script has changed: its ScriptHash is ${known.sha256}.`);
    const answer = await clientTasks.runs.run(
      {
        scriptId,
        parameters,
        target: deviceIds.length > 0 ? { deviceIds } : { collectionId: TargetCollectionID },
      },
      personOf(caller),
      { key: asked.key, reason: asked.reason ?? 'Asked for through AdminService (client operation 135).' },
    );
    return typeof answer === 'number'
      ? { status: 201, json: methodResult(context, { OperationID: answer }) }
      : approvalAnswer(answer, (json) => methodResult(context, json));
  }

  #run(targetOf: (call: MethodCall) => TaskTarget): MethodHandler {
    return {
      scope: 'scripts:run',
      run: async (call) => {
        const { args, visitor } = call;
        const { ScriptGuid, InputParameters } = readBody(runScriptSchema, args);
        const { caller, asked } = visitor;
        const parameters = (InputParameters ?? []).map(
          ({ ParameterName, ParameterValue }) => [ParameterName, ParameterValue] as const,
        );
        const answer = await this.options.clientTasks.runs.run(
          {
            scriptId: ScriptGuid.toLowerCase(),
            parameters: Object.fromEntries(parameters),
            target: targetOf(call),
          },
          personOf(caller),
          { key: asked.key, reason: asked.reason ?? 'Asked for through AdminService (RunScript).' },
        );
        return typeof answer === 'number' ? { status: 200, json: valueEnvelope(answer) } : waiting(answer);
      },
    };
  }

  #pivot(targetOf: (call: MethodCall) => TaskTarget, shown: (operationId: number) => object): MethodHandler {
    return {
      scope: 'scripts:run',
      run: async (call) => {
        const { InputQuery: query } = readBody(pivotSchema, call.args);
        const { work } = this.options.clientTasks;
        return { status: 200, json: shown(await work.pivot(query, targetOf(call), asking(call.visitor))) };
      },
    };
  }

  async #install({ row, args, visitor }: MethodCall): Promise<DoorAnswer> {
    const { db, clientTasks, visibility } = this.options;
    const { Devices, InstallationType } = readBody(installSchema, args);
    if ((InstallationType ?? 1) !== 1)
      throw adminServiceErrors.ESP_ADMIN_SERVICE_NOT_SUPPORTED({
        detail: 'InstallationType 1 installs; to remove an application, deploy its removal.',
      });
    const smsids = [...new Set(Devices.map((smsid) => smsid.toUpperCase()))];
    const within = visibility.devices(visitor.caller, 'deployments:write', 'r.resource_id');
    const found = await clientTasks.targets.bySmsid(db, smsids, within);
    const missing = smsids.find((smsid) => !found.has(smsid));
    if (missing !== undefined) throw resourceErrors.ESP_RESOURCE_UNKNOWN({ detail: missing });
    const application = { id: String(row?.['CIGUID']), name: String(row?.['Name']) };
    const OperationId = await clientTasks.work.install(application, [...found.values()], asking(visitor));
    return { status: 200, json: valueEnvelope({ OperationId }) };
  }
}

const asking = ({ caller, asked }: Visitor): Asking => ({ person: personOf(caller), key: asked.key });

const waiting = (approval: Approval): DoorAnswer => approvalAnswer(approval, (json) => valueEnvelope(json));
