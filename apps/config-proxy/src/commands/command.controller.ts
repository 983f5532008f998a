import { Controller, Inject, Req, Res } from '@nestjs/common';
import {
  approvalSchema,
  cancelCommand,
  collectionIdSchema,
  commandDetailSchema,
  commandSchema,
  getCommand,
  jobSchema,
  submitCommand,
  submitCommandBodySchema,
  submitCommandsBodySchema,
  submittedSchema,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { FromCaller, requireScope, type Caller } from '../access/caller.js';
import { Visibility } from '../access/visibility.service.js';
import {
  answerApproval,
  approvalHeaders,
  approvalResponseHeaders,
  reasonOf,
  withRetryAfter,
} from '../approvals/approval.http.js';
import { CommandApprovals } from '../approvals/command-approvals.js';
import { enrollmentParams } from '../enrollments/enrollment.controller.js';
import { MdmClient } from '../mdm/mdm.client.js';
import { CollectionCommandService } from './collection-command.service.js';
import { CommandAnswers } from './command-answers.js';
import { isDestructive } from './destructive.js';
import { idempotencyHeaders, idempotencyKey, requestIdFor } from '../idempotency/idempotency.headers.js';

const tag = 'Commands';
const commandParams = z.object({ id: z.uuid() });
const submissionHeaders = z.object({ ...idempotencyHeaders.shape, ...approvalHeaders.shape });
const submission = {
  scope: 'commands:write',
  tag,
  headers: submissionHeaders,
  response: z.union([submittedSchema, approvalSchema]),
  status: 202,
  responseHeaders: {
    'Idempotency-Key': 'The key of this request: repeat with it where the answer does not arrive.',
    ...approvalResponseHeaders,
  },
} as const;
const DESTRUCTIVE =
  'A command that loses data, locks people out, interrupts their work, or brings profiles or software, and one that is not known here, needs the scope commands:destructive too. Where a policy wants a second person, the answer is the approval that it waits for.';

const submitCommands = defineEndpoint({
  ...submission,
  method: 'POST',
  path: '/api/v1/commands',
  reach: 'filtered',
  summary: 'Send a command to devices',
  description: `To all of the devices or, where one of them cannot get commands, to none. ${DESTRUCTIVE}`,
  body: submitCommandsBodySchema,
});

const submitEnrollmentCommand = defineEndpoint({
  ...submission,
  method: 'POST',
  path: '/api/v1/enrollments/:id/commands',
  reach: { enrollment: 'id' },
  summary: 'Send a command to a device',
  description: DESTRUCTIVE,
  params: enrollmentParams,
  body: submitCommandBodySchema,
});

const submitCollectionCommand = defineEndpoint({
  ...submission,
  method: 'POST',
  path: '/api/v1/collections/:id/commands',
  reach: { collection: 'id' },
  summary: 'Send a command to the devices of a collection',
  description:
    'Goes on as a job: to every member that is enrolled when its turn comes. Commands that lose data, lock people out, interrupt their work, or bring profiles and software, and those that are not known here, are refused for collections: for profiles and software there are deployments.',
  params: z.object({ id: collectionIdSchema }),
  headers: idempotencyHeaders,
  body: submitCommandBodySchema,
  response: jobSchema,
});

const readCommand = defineEndpoint({
  method: 'GET',
  path: '/api/v1/commands/:id',
  reach: { command: 'id' },
  scope: 'commands:read',
  tag,
  summary: 'See a command and its result',
  description:
    'What opens a device (ActivationLockBypassCode, UnlockToken) is shown to those only who have secrets:read for it, and each reading is recorded.',
  params: commandParams,
  response: commandDetailSchema,
});

const takeBackCommand = defineEndpoint({
  method: 'DELETE',
  path: '/api/v1/commands/:id',
  reach: { command: 'id' },
  scope: 'commands:write',
  tag,
  summary: 'Take a command back',
  description: 'Works until the device has fetched it.',
  params: commandParams,
  response: z.object({ command: commandSchema }),
});

@Controller()
export class CommandController {
  constructor(
    @Inject(MdmClient) private readonly mdm: MdmClient,
    @Inject(CollectionCommandService) private readonly collections: CollectionCommandService,
    @Inject(CommandApprovals) private readonly approvals: CommandApprovals,
    @Inject(Visibility) private readonly visibility: Visibility,
    @Inject(CommandAnswers) private readonly answers: CommandAnswers,
  ) {}

  @Endpoint(submitCommands)
  submitCommands(
    @Input() { body, headers }: InputOf<typeof submitCommands>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof submitCommands>> {
    return this.submit(body, headers, caller, reply);
  }

  @Endpoint(submitEnrollmentCommand)
  submitEnrollmentCommand(
    @Input() { params, body, headers }: InputOf<typeof submitEnrollmentCommand>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof submitEnrollmentCommand>> {
    return this.submit({ ...body, enrollmentIds: [params.id] }, headers, caller, reply);
  }

  @Endpoint(submitCollectionCommand)
  async submitCollectionCommand(
    @Input() { params, body, headers }: InputOf<typeof submitCollectionCommand>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof submitCollectionCommand>> {
    const key = idempotencyKey(headers);
    void reply.header('idempotency-key', key);
    const { title, actor } = caller;
    const job = await this.collections.send(
      { collectionId: params.id, ...body },
      { callerId: caller.credentialId, key, title, actor },
    );
    void reply.header('location', `/api/v1/jobs/${job.id}`);
    return job;
  }

  @Endpoint(readCommand)
  async readCommand(
    @Input() { params }: InputOf<typeof readCommand>,
    @FromCaller() caller: Caller,
    @Req() request: FastifyRequest,
  ): Promise<ResultOf<typeof readCommand>> {
    return this.answers.shown(await this.mdm.ask(getCommand, params, caller.origin), caller, request.id);
  }

  @Endpoint(takeBackCommand)
  takeBackCommand(
    @Input() { params }: InputOf<typeof takeBackCommand>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof takeBackCommand>> {
    return this.mdm.insist(cancelCommand, { id: params.id, cancelledBy: caller.title }, caller.origin);
  }

  private async submit(
    { enrollmentIds, ...rest }: InputOf<typeof submitCommands>['body'],
    headers: z.output<typeof submissionHeaders>,
    caller: Caller,
    reply: FastifyReply,
  ): Promise<ResultOf<typeof submitCommands>> {
    const key = idempotencyKey(headers);
    await this.visibility.requireEnrollments(enrollmentIds, caller.reach('commands:write'));
    if (isDestructive(rest.command.requestType)) {
      requireScope(caller.scopes, 'commands:destructive', reply);
      await this.visibility.requireEnrollments(enrollmentIds, caller.reach('commands:destructive'));
    }
    // Also on a failure: whoever gets 503 does not know whether the command is on its way.
    void reply.header('idempotency-key', key);
    const asked = { key, reason: reasonOf(headers) };
    const approval = await withRetryAfter(reply, () =>
      this.approvals.need({ ...rest, enrollmentIds }, caller, asked),
    );
    if (approval !== 'no') return answerApproval(reply, approval);
    const submitted = await this.mdm.insist(
      submitCommand,
      {
        ...rest,
        requestId: requestIdFor(caller.credentialId, key),
        enrollmentIds,
        createdBy: caller.title,
      },
      caller.origin,
    );
    const [only, ...others] = submitted.commands;
    if (only !== undefined && others.length === 0)
      void reply.header('location', `/api/v1/commands/${only.id}`);
    return { commandId: submitted.commandId, commands: submitted.commands };
  }
}
