import { Controller, Inject } from '@nestjs/common';
import {
  commandPageSchema,
  enrollmentDetailSchema,
  enrollmentPageSchema,
  enrollmentQuerySchema,
  enrollmentIdSchema,
  getEnrollment,
  listCommands,
  listEnrollments,
  pageQuery,
  pushEnrollment,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { MdmClient } from '../mdm/mdm.client.js';

const tag = 'Enrolments';
export const enrollmentParams = z.object({
  id: enrollmentIdSchema.meta({ description: 'Id of the enrolment, percent-encoded.' }),
});

const listEnrolled = defineEndpoint({
  method: 'GET',
  path: '/api/v1/enrollments',
  reach: 'site',
  scope: 'devices:read',
  tag,
  summary: 'List enrolments',
  description: 'Enrolments in the order of their ids, a page at a time.',
  query: enrollmentQuerySchema,
  response: enrollmentPageSchema,
});

const readEnrollment = defineEndpoint({
  method: 'GET',
  path: '/api/v1/enrollments/:id',
  reach: { enrollment: 'id' },
  scope: 'devices:read',
  tag,
  summary: 'See one enrolment',
  params: enrollmentParams,
  response: enrollmentDetailSchema,
});

const listEnrollmentCommands = defineEndpoint({
  method: 'GET',
  path: '/api/v1/enrollments/:id/commands',
  reach: { enrollment: 'id' },
  scope: 'commands:read',
  tag,
  summary: "List an enrolment's commands",
  description: 'Newest first.',
  params: enrollmentParams,
  query: z.object(pageQuery),
  response: commandPageSchema,
});

const wakeEnrollment = defineEndpoint({
  method: 'POST',
  path: '/api/v1/enrollments/:id/push',
  reach: { enrollment: 'id' },
  scope: 'devices:push',
  tag,
  summary: 'Wake a device',
  description: 'Asks Apple to wake the device although nothing new waits for it.',
  params: enrollmentParams,
  response: z.object({ scheduled: z.boolean() }),
  status: 202,
});

@Controller()
export class EnrollmentController {
  constructor(@Inject(MdmClient) private readonly mdm: MdmClient) {}

  @Endpoint(listEnrolled)
  listEnrolled(
    @Input() { query }: InputOf<typeof listEnrolled>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof listEnrolled>> {
    return this.mdm.ask(listEnrollments, query, caller.origin);
  }

  @Endpoint(readEnrollment)
  async readEnrollment(
    @Input() { params }: InputOf<typeof readEnrollment>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof readEnrollment>> {
    const { enrollment, openCommands } = await this.mdm.ask(getEnrollment, params, caller.origin);
    return { ...enrollment, openCommands };
  }

  @Endpoint(listEnrollmentCommands)
  listEnrollmentCommands(
    @Input() { params, query }: InputOf<typeof listEnrollmentCommands>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof listEnrollmentCommands>> {
    return this.mdm.ask(listCommands, { enrollmentId: params.id, ...query }, caller.origin);
  }

  @Endpoint(wakeEnrollment)
  wakeEnrollment(
    @Input() { params }: InputOf<typeof wakeEnrollment>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof wakeEnrollment>> {
    return this.mdm.insist(pushEnrollment, params, caller.origin);
  }
}
