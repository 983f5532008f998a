import { Controller, Inject } from '@nestjs/common';
import { jobPageSchema, jobSchema, listQuery } from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import { z } from 'zod';
import { JobService } from './job.service.js';

const tag = 'Jobs';
const params = z.object({ id: z.uuid() });

const listJobs = defineEndpoint({
  method: 'GET',
  path: '/api/v1/jobs',
  scope: 'any',
  tag,
  summary: 'List jobs',
  description: 'Long work under way and done in the last days, newest first.',
  query: z.object(listQuery),
  response: jobPageSchema,
});

const readJob = defineEndpoint({
  method: 'GET',
  path: '/api/v1/jobs/:id',
  scope: 'any',
  tag,
  summary: 'See how far a job is',
  params,
  response: jobSchema,
});

const cancelJob = defineEndpoint({
  method: 'POST',
  path: '/api/v1/jobs/:id/cancel',
  scope: 'collections:write',
  tag,
  summary: 'Stop a job',
  description: 'What it has done stays done; the step under way is finished first.',
  params,
  response: jobSchema,
  status: 202,
});

@Controller()
export class JobController {
  constructor(@Inject(JobService) private readonly jobs: JobService) {}

  @Endpoint(listJobs)
  listJobs(@Input() { query }: InputOf<typeof listJobs>): Promise<ResultOf<typeof listJobs>> {
    return this.jobs.list(query);
  }

  @Endpoint(readJob)
  readJob(@Input() { params: { id } }: InputOf<typeof readJob>): Promise<ResultOf<typeof readJob>> {
    return this.jobs.get(id);
  }

  @Endpoint(cancelJob)
  cancelJob(@Input() { params: { id } }: InputOf<typeof cancelJob>): Promise<ResultOf<typeof cancelJob>> {
    return this.jobs.cancel(id);
  }
}
