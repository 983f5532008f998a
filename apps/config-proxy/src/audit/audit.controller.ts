import { Readable } from 'node:stream';
import { Controller, Inject, Req, Res } from '@nestjs/common';
import {
  auditCheckpointPageSchema,
  auditKeyListSchema,
  auditPageSchema,
  auditRecordSchema,
  auditVerifyBodySchema,
  jobSchema,
  listQuery,
  pageQuery,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { idempotencyHeaders } from '../idempotency/idempotency.headers.js';
import { AuditExporter } from './audit.exporter.js';
import { AuditReader } from './audit.reader.js';

const PATH = '/api/v1/audit';
const shared = { scope: 'audit:read', tag: 'Audit', reach: 'site' } as const;
const sequence = z.coerce.number('must be a number').int().min(1).max(Number.MAX_SAFE_INTEGER);

const listAudit = defineEndpoint({
  ...shared,
  method: 'GET',
  path: PATH,
  summary: 'List the audit log',
  description:
    'Who did what, newest first: every request that changes something, before it is done ("begun") and how it ended; everybody who was refused; reads of secrets. The filter compares texts exactly, case included.',
  query: z.object({
    ...listQuery,
    actorId: z.string().min(1).max(256).optional().meta({ description: 'What one administrator did.' }),
    target: z
      .string()
      .regex(/^[^:]{1,32}:[^]{1,256}$/, 'must be a type and an id, such as device:16777219')
      .transform((text) => ({
        type: text.slice(0, text.indexOf(':')),
        id: text.slice(text.indexOf(':') + 1),
      }))
      .optional()
      .meta({ description: 'What was done to one thing, as in device:16777219.' }),
  }),
  response: auditPageSchema,
});

const readAuditRecord = defineEndpoint({
  ...shared,
  method: 'GET',
  path: `${PATH}/:sequence`,
  summary: 'See a record of the audit log',
  params: z.object({ sequence }),
  response: auditRecordSchema,
});

const verifyAudit = defineEndpoint({
  ...shared,
  method: 'POST',
  path: `${PATH}/verify`,
  summary: 'Verify the audit log',
  description:
    'Goes on as a job, whose failed items are what was found: records that were changed, removed or put elsewhere, forged checkpoints, a truncated end. Its last message names the first record that cannot be relied on.',
  headers: idempotencyHeaders,
  body: auditVerifyBodySchema,
  response: jobSchema,
  status: 202,
  responseHeaders: { Location: 'The job.' },
});

const exportAudit = defineEndpoint({
  ...shared,
  method: 'GET',
  path: `${PATH}/export`,
  audit: true,
  summary: 'Export the audit log',
  description:
    'A line of JSON for each record, in the order of the chain, {"hash":…,"record":…}, and one for each checkpoint behind the record that it covers, {"checkpoint":…,"signature":…}. Ask for the sequence after the last one that you have to go on. An answer that breaks off is not whole.',
  query: z.object({ from: sequence.default(1).meta({ description: 'First record.' }) }),
  contentType: 'application/x-ndjson',
  ownAnswer: true,
});

const listAuditCheckpoints = defineEndpoint({
  ...shared,
  method: 'GET',
  path: `${PATH}/checkpoints`,
  summary: 'List the checkpoints of the audit log',
  description:
    'Newest first. Keep one elsewhere now and then: nobody can change what is before it unnoticed.',
  query: z.object(pageQuery),
  response: auditCheckpointPageSchema,
});

const listAuditKeys = defineEndpoint({
  ...shared,
  method: 'GET',
  path: `${PATH}/keys`,
  summary: 'List the public keys of checkpoints',
  response: auditKeyListSchema,
});

/** `/api/v1/audit`. */
@Controller()
export class AuditController {
  constructor(
    @Inject(AuditReader) private readonly reader: AuditReader,
    @Inject(AuditExporter) private readonly exporter: AuditExporter,
  ) {}

  @Endpoint(listAudit)
  async listAudit(@Input() { query }: InputOf<typeof listAudit>): Promise<ResultOf<typeof listAudit>> {
    const { rows, next } = await this.reader.list(query);
    return { items: rows, ...(next !== undefined && { nextCursor: next }) };
  }

  @Endpoint(verifyAudit)
  async verifyAudit(
    @Input() { body, headers }: InputOf<typeof verifyAudit>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof verifyAudit>> {
    const { credentialId: callerId, title } = caller;
    const job = await this.reader.verify(body, { callerId, key: headers['idempotency-key'], title });
    void reply.header('location', `/api/v1/jobs/${job.id}`);
    return job;
  }

  @Endpoint(exportAudit)
  async exportAudit(
    @Input() { query }: InputOf<typeof exportAudit>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    void reply.type('application/x-ndjson');
    if (request.method === 'HEAD') await reply.send();
    else await reply.send(Readable.from(this.exporter.lines(query.from), { objectMode: false }));
  }

  @Endpoint(listAuditCheckpoints)
  async listAuditCheckpoints(
    @Input() { query }: InputOf<typeof listAuditCheckpoints>,
  ): Promise<ResultOf<typeof listAuditCheckpoints>> {
    const { rows, next } = await this.reader.checkpoints(query.limit, query.cursor);
    return { items: rows, ...(next !== undefined && { nextCursor: next }) };
  }

  @Endpoint(listAuditKeys)
  async listAuditKeys(): Promise<ResultOf<typeof listAuditKeys>> {
    return { items: await this.reader.keys() };
  }

  @Endpoint(readAuditRecord)
  readAuditRecord(
    @Input() { params }: InputOf<typeof readAuditRecord>,
  ): Promise<ResultOf<typeof readAuditRecord>> {
    return this.reader.get(params.sequence);
  }
}
