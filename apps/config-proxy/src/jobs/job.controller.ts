import { Controller, Inject, Res } from '@nestjs/common';
import { jobPageSchema, jobSchema, listQuery } from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FromCaller, requireScope, type Caller } from '../access/caller.js';
import type { Reach } from '../roles/rights.js';
import { JobService } from './job.service.js';

const tag = 'Jobs';
const params = z.object({ id: z.uuid() });

const listJobs = defineEndpoint({
  method: 'GET',
  path: '/api/v1/jobs',
  reach: 'filtered',
  scope: 'any',
  tag,
  summary: 'List jobs',
  description:
    'Long work under way and done in the last days, newest first; whoever is limited to collections sees what they began with the same token or way to sign in.',
  query: z.object(listQuery),
  response: jobPageSchema,
});

const readJob = defineEndpoint({
  method: 'GET',
  path: '/api/v1/jobs/:id',
  reach: 'filtered',
  scope: 'any',
  tag,
  summary: 'See how far a job is',
  params,
  response: jobSchema,
});

const cancelJob = defineEndpoint({
  method: 'POST',
  path: '/api/v1/jobs/:id/cancel',
  reach: 'filtered',
  scope: 'any',
  tag,
  summary: 'Stop a job',
  description:
    'With the scope that it takes to begin such a job. What it has done stays done; the step under way is finished first. What was approved is cancelled as the approval that it is, and what devices are told of collections is not cancelled at all.',
  params,
  response: jobSchema,
  status: 202,
});

@Controller()
export class JobController {
  constructor(@Inject(JobService) private readonly jobs: JobService) {}

  @Endpoint(listJobs)
  listJobs(
    @Input() { query }: InputOf<typeof listJobs>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof listJobs>> {
    return this.jobs.list(query, ownJobs(caller, caller.rights.anywhere));
  }

  @Endpoint(readJob)
  readJob(
    @Input() { params: { id } }: InputOf<typeof readJob>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof readJob>> {
    return this.jobs.get(id, ownJobs(caller, caller.rights.anywhere));
  }

  @Endpoint(cancelJob)
  async cancelJob(
    @Input() { params: { id } }: InputOf<typeof cancelJob>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof cancelJob>> {
    const job = await this.jobs.get(id, ownJobs(caller, caller.rights.anywhere));
    const scope = this.jobs.cancelScope(job);
    requireScope(caller.scopes, scope, reply);
    await this.jobs.get(id, ownJobs(caller, caller.reach(scope)));
    return this.jobs.cancel(id);
  }
}

/** A job belongs to no collection: whoever is limited to some sees those that they began. */
const ownJobs = (caller: Caller, reach: Reach): string | undefined =>
  reach === 'site' ? undefined : caller.title;
