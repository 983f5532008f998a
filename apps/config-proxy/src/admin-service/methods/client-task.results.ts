import { adminServiceErrors, type ClientTaskKind } from '@espalier/contracts';
import { valueEnvelope } from '@espalier/odata';
import type { Restriction } from '../../access/restrict.js';
import type { Visibility } from '../../access/visibility.service.js';
import type { ClientTaskRooms } from '../../client-tasks/client-task.rooms.js';
import type { TaskResult } from '../../client-tasks/client-task.service.js';
import { countOf } from '../../client-tasks/operation.service.js';
import { answeredRows } from '../../client-tasks/task.output.js';
import { executionStates } from '../classes/script.classes.js';
import type { MethodCall, MethodHandler } from '../door.js';
import { invalid } from './collection-rule.body.js';

/** Bounds an answer about a collection: what is beyond it, the JSON API shows page by page. */
const MOST_RESULTS = 1_000;
const MOST_OUTPUT = 8_388_608;
const RESULTS_AT_ONCE = 50;

/** What came of scripts and queries, as scripts that wait for it read it (sccm.md §1.2). */
export class ClientTaskResults {
  constructor(
    private readonly options: {
      readonly clientTasks: Pick<ClientTaskRooms, 'operations' | 'tasks'>;
      readonly visibility: Visibility;
    },
  ) {}

  ofDevice(kind: ClientTaskKind): MethodHandler {
    return {
      scope: 'scripts:read',
      run: async ({ row, args }) => {
        const operationId = idOf(args);
        const { operations, tasks } = this.options.clientTasks;
        if ((await operations.kindOf(operationId)) !== kind) throw notThere(operationId);
        const result = await tasks.find(operationId, deviceOf(row));
        if (result === undefined || isOpen(result)) throw notThere(operationId);
        return { status: 200, json: valueEnvelope({ Status: 1, Result: shownResults(kind, result) }) };
      },
    };
  }

  ofCollection(kind: ClientTaskKind): MethodHandler {
    return {
      scope: 'scripts:read',
      run: async ({ row, args, visitor: { caller } }) => {
        const operationId = idOf(args);
        const { operations } = this.options.clientTasks;
        const within = this.options.visibility.devices(caller, 'scripts:read', 't.device_id');
        const operation = await operations.find(operationId, within);
        if (operation?.kind !== kind || operation.collectionId !== row?.['CollectionID'])
          throw notThere(operationId);
        const { tasks } = operation;
        // Devices that cannot answer say so at once: nobody is to take that for the answer of all.
        const answered = tasks.succeeded + tasks.failed;
        const open = tasks.waiting + tasks.fetched;
        const ended = countOf(operation) - open;
        if (answered === 0 && (open > 0 || ended === 0)) throw notThere(operationId);
        return { status: 200, json: valueEnvelope(await this.#results(kind, operationId, within, ended)) };
      },
    };
  }

  async #results(
    kind: ClientTaskKind,
    operationId: number,
    within: Restriction,
    ended: number,
  ): Promise<object> {
    const { tasks } = this.options.clientTasks;
    const shown: object[] = [];
    let [after, output, devices] = [0, 0, 0];
    while (devices < MOST_RESULTS && output < MOST_OUTPUT) {
      const some = await tasks.results(operationId, { after, limit: RESULTS_AT_ONCE, within });
      for (const result of some) output += result.outputBytes;
      shown.push(...some.flatMap((result) => shownResults(kind, result)));
      devices += some.length;
      after = some.at(-1)?.deviceId ?? after;
      if (some.length < RESULTS_AT_ONCE) break;
    }
    return { Status: 1, Result: shown, ...(devices < ended && { MoreResults: true }) };
  }
}

/** ResourceId of the device that a method is called on. */
export const deviceOf = (row: MethodCall['row']): number => Number(row?.['MachineId']);
const isOpen = ({ state }: TaskResult): boolean => state === 'waiting' || state === 'fetched';

function idOf(args: MethodCall['args']): number {
  const id = Number(args['OperationId']);
  if (!Number.isSafeInteger(id)) throw invalid('OperationId must be a number.');
  return id;
}

/** Not begun, not here, or not done yet: scripts ask again until it is there. */
const notThere = (operationId: number): Error =>
  adminServiceErrors.ESP_ADMIN_SERVICE_UNKNOWN({
    detail: `There is no result of operation ${operationId} (yet).`,
  });

/** Rows of a CMPivot query as they are; what is no list of rows, and what went wrong, as of a script. */
const shownResults = (kind: ClientTaskKind, result: TaskResult): object[] =>
  answeredRows(kind, result)?.map((row) => ({ Device: result.deviceName, ...row })) ?? [shownResult(result)];

const shownResult = ({ deviceId, deviceName, state, exitCode, reason, output }: TaskResult): object => ({
  ResourceId: deviceId,
  DeviceName: deviceName,
  ScriptExecutionState: executionStates[state],
  ScriptExitCode: exitCode,
  ScriptOutput: output,
  ErrorDescription: reason,
});
