import { Controller, Inject, Res } from '@nestjs/common';
import {
  approvalSchema,
  clientOperationSchema,
  clientTaskDetailSchema,
  clientTaskPageSchema,
  listQuery,
  runScriptBodySchema,
  scriptErrors,
  type ApiScope,
  type ClientOperation,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FromCaller, requireScope, type Caller } from '../access/caller.js';
import { unrestricted } from '../access/restrict.js';
import { Visibility } from '../access/visibility.service.js';
import {
  answerApproval,
  approvalHeaders,
  approvalResponseHeaders,
  personOf,
  reasonOf,
  withRetryAfter,
} from '../approvals/approval.http.js';
import { idempotencyHeaders, idempotencyKey } from '../idempotency/idempotency.headers.js';
import { ClientTaskService } from './client-task.service.js';
import { countOf, OperationService } from './operation.service.js';
import { ScriptRunService } from './script-run.service.js';
import { answeredRows } from './task.output.js';

const tag = 'Scripts';
const number = z.coerce.number('must be a number').int().min(1).max(2_147_483_647);
const params = z.object({ operationId: number });
const PATH = '/api/v1/client-operations';

const runScript = defineEndpoint({
  method: 'POST',
  path: '/api/v1/scripts/:id/run',
  scope: 'scripts:run',
  reach: 'filtered',
  tag,
  summary: 'Run an approved script',
  description:
    'On devices or on a collection, whose members get it by a job. Where a policy wants a second person, the answer is the approval that it waits for. Devices without a Mac client are told apart at once: requirements-not-met.',
  params: z.object({ id: z.uuid() }),
  headers: z.object({ ...idempotencyHeaders.shape, ...approvalHeaders.shape }),
  body: runScriptBodySchema,
  response: z.union([clientOperationSchema, approvalSchema]),
  status: 202,
  responseHeaders: approvalResponseHeaders,
  example: { deviceIds: [16_777_219] },
});

const readOperation = defineEndpoint({
  method: 'GET',
  path: `${PATH}/:operationId`,
  scope: 'scripts:read',
  reach: 'filtered',
  tag,
  summary: 'See how far an operation is',
  description: 'Known to those who reach one of its devices; counted are the devices that you reach.',
  params,
  response: clientOperationSchema,
});

const cancelOperation = defineEndpoint({
  method: 'POST',
  path: `${PATH}/:operationId/cancel`,
  scope: 'any',
  reach: 'filtered',
  tag,
  summary: 'Take an operation back',
  description:
    'From the devices that have not fetched it. Needs the scope that it took to begin it (scripts:run; of an installation deployments:write), and reach over all of its devices. Repeating it is harmless.',
  params,
  body: z.strictObject({}),
  response: clientOperationSchema,
});

const listTasks = defineEndpoint({
  method: 'GET',
  path: `${PATH}/:operationId/tasks`,
  scope: 'scripts:read',
  reach: 'filtered',
  tag,
  summary: 'List what devices did',
  description: 'By device unless another order is asked for; without their output.',
  params,
  query: z.object(listQuery),
  response: clientTaskPageSchema,
});

const readTask = defineEndpoint({
  method: 'GET',
  path: `${PATH}/:operationId/tasks/:deviceId`,
  scope: 'scripts:read',
  reach: { device: 'deviceId' },
  tag,
  summary: 'See what one device did, with its output',
  params: params.extend({ deviceId: number }),
  response: clientTaskDetailSchema,
});

/** Runs scripts, and shows what came of it. */
@Controller()
export class ClientTaskController {
  constructor(
    @Inject(ScriptRunService) private readonly runs: ScriptRunService,
    @Inject(OperationService) private readonly operations: OperationService,
    @Inject(ClientTaskService) private readonly tasks: ClientTaskService,
    @Inject(Visibility) private readonly visibility: Visibility,
  ) {}

  @Endpoint(runScript)
  async runScript(
    @Input() { params: { id }, body, headers }: InputOf<typeof runScript>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof runScript>> {
    const { deviceIds = [], collectionId, parameters } = body;
    const reach = caller.reach('scripts:run');
    if (collectionId === undefined) await this.visibility.requireDevices(deviceIds, reach);
    else await this.visibility.requireCollections([collectionId], reach);
    const target = collectionId === undefined ? { deviceIds } : { collectionId };
    const request = { key: idempotencyKey(headers), reason: reasonOf(headers) };
    const answer = await withRetryAfter(reply, () =>
      this.runs.run({ scriptId: id, parameters, target }, personOf(caller), request),
    );
    if (typeof answer !== 'number') return answerApproval(reply, answer);
    void reply.header('location', `${PATH}/${answer}`);
    return this.operations.get(answer, unrestricted, true);
  }

  @Endpoint(readOperation)
  readOperation(
    @Input() { params: { operationId } }: InputOf<typeof readOperation>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof readOperation>> {
    return this.#known(operationId, caller, 'scripts:read');
  }

  @Endpoint(cancelOperation)
  async cancelOperation(
    @Input() { params: { operationId } }: InputOf<typeof cancelOperation>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof cancelOperation>> {
    const kind = await this.operations.kindOf(operationId);
    const scope = kind === 'install-application' ? 'deployments:write' : 'scripts:run';
    // Whoever may not even see it is told that there is none.
    const reached = await this.#known(operationId, caller, caller.scopes.has(scope) ? scope : 'scripts:read');
    requireScope(caller.scopes, scope, reply);
    const whole = await this.operations.get(operationId, unrestricted, true);
    if (caller.reach(scope) !== 'site') {
      if (whole.collectionId !== null)
        await this.visibility.requireCollections([whole.collectionId], caller.reach(scope));
      if (countOf(reached) !== countOf(whole))
        throw scriptErrors.ESP_CLIENT_OPERATION_UNKNOWN({ detail: String(operationId) });
    }
    await this.operations.cancel(operationId, `${caller.administrator.name} took it back.`);
    return this.#known(operationId, caller, scope);
  }

  @Endpoint(listTasks)
  async listTasks(
    @Input() { params: { operationId }, query }: InputOf<typeof listTasks>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof listTasks>> {
    await this.#known(operationId, caller, 'scripts:read');
    return this.tasks.list(
      operationId,
      query,
      this.visibility.devices(caller, 'scripts:read', 't.device_id'),
    );
  }

  @Endpoint(readTask)
  async readTask(
    @Input() { params: { operationId, deviceId } }: InputOf<typeof readTask>,
  ): Promise<ResultOf<typeof readTask>> {
    const result = await this.tasks.get(operationId, deviceId);
    const kind = await this.operations.kindOf(operationId);
    return { ...result, rows: (kind && answeredRows(kind, result)) ?? null };
  }

  async #known(id: number, caller: Caller, scope: ApiScope): Promise<ClientOperation> {
    const reach = await this.visibility.within(caller.reach(scope));
    const within = this.visibility.devices(caller, scope, 't.device_id');
    const found = await this.operations.get(id, within, reach === 'site');
    const { collectionId } = found;
    // A device in reach may have been reached through a collection that is not.
    const isHidden = reach !== 'site' && collectionId !== null && !reach.includes(collectionId);
    return isHidden ? { ...found, collectionId: null } : found;
  }
}
