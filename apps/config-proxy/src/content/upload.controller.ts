import type { Readable } from 'node:stream';
import { Controller, Inject, Res } from '@nestjs/common';
import {
  contentSchema,
  newUploadBodySchema,
  pageQuery,
  uploadPageSchema,
  uploadSchema,
  type Upload,
} from '@espalier/contracts';
import { BodyStream, defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { idempotencyHeaders } from '../idempotency/idempotency.headers.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { libraryParams, LOCATION } from '../library/library.http.js';
import { pageView } from '../library/views.js';
import { contentView } from './content.views.js';
import { LEASE_MS } from './upload-lease.js';
import { ABANDONED_AFTER_MS, UploadService, type UploadProgress } from './upload.service.js';

const tag = 'Content';
const write = { scope: 'library:write', reach: 'site', tag } as const;
const PATH = '/api/v1/content/uploads';
const OFFSET = { 'Upload-Offset': 'Bytes that have arrived: where to go on.' } as const;

const createUploadEndpoint = defineEndpoint({
  ...write,
  method: 'POST',
  path: PATH,
  summary: 'Begin the upload of a file',
  description:
    'Announces a file of up to 20 GiB with its SHA-256. Then send it with PUT, in one part or in many, and finish the upload. Where "known" is true the store has the file already: finish at once.',
  headers: idempotencyHeaders,
  body: newUploadBodySchema,
  response: uploadSchema,
  status: 201,
  responseHeaders: { ...LOCATION, ...OFFSET },
});

const listUploadsEndpoint = defineEndpoint({
  ...write,
  method: 'GET',
  path: PATH,
  summary: 'List uploads that are under way',
  query: z.object(pageQuery),
  response: uploadPageSchema,
});

const readUploadEndpoint = defineEndpoint({
  ...write,
  method: 'GET',
  path: `${PATH}/:id`,
  summary: 'See how far an upload has come',
  description:
    'After a broken connection or a restart: go on at "offset", which HEAD gives as Upload-Offset too.',
  params: libraryParams,
  response: uploadSchema,
  responseHeaders: OFFSET,
});

const sendPartEndpoint = defineEndpoint({
  ...write,
  method: 'PUT',
  path: `${PATH}/:id`,
  summary: 'Send a part of the file, or all of it',
  description:
    'The bytes from "offset" on, which must be as many as have arrived; else 409 names the right one. What arrives is kept also where the connection breaks. One request at a time.',
  params: libraryParams,
  query: z.object({
    offset: z.coerce.number('must be a number').int().min(0).meta({ description: 'Where the part begins.' }),
  }),
  streams: ['application/octet-stream'],
  responseHeaders: OFFSET,
});

const finishUploadEndpoint = defineEndpoint({
  ...write,
  method: 'POST',
  path: `${PATH}/:id/finish`,
  summary: 'Make content of a whole upload',
  description:
    'Reads the file again and compares size and SHA-256, which takes some seconds for each GiB. A wrong file is thrown away. May be repeated: the answer is the same.',
  params: libraryParams,
  response: contentSchema,
  responseHeaders: LOCATION,
});

const cancelUploadEndpoint = defineEndpoint({
  ...write,
  method: 'DELETE',
  path: `${PATH}/:id`,
  summary: 'Give an upload up',
  description: 'Uploads that nobody goes on with for a day are given up by themselves.',
  params: libraryParams,
});

/** `/api/v1/content/uploads`. */
@Controller()
export class UploadController {
  constructor(
    @Inject(UploadService) private readonly uploads: UploadService,
    @Inject(IdempotencyService) private readonly idempotency: IdempotencyService,
  ) {}

  @Endpoint(createUploadEndpoint)
  async createUpload(
    @Input() { body, headers }: InputOf<typeof createUploadEndpoint>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof createUploadEndpoint>> {
    const { id } = await this.idempotency.run(
      { callerId: caller.credentialId, key: headers['idempotency-key'], body },
      async (tx) => ({ id: (await this.uploads.create(tx, body, caller)).id }),
    );
    void reply.header('location', `${PATH}/${id}`);
    return this.see(id, reply);
  }

  @Endpoint(listUploadsEndpoint)
  async listUploads(
    @Input() { query }: InputOf<typeof listUploadsEndpoint>,
  ): Promise<ResultOf<typeof listUploadsEndpoint>> {
    return pageView(await this.uploads.list(query.limit, query.cursor), uploadView);
  }

  @Endpoint(readUploadEndpoint)
  readUpload(
    @Input() { params }: InputOf<typeof readUploadEndpoint>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof readUploadEndpoint>> {
    return this.see(params.id, reply);
  }

  @Endpoint(sendPartEndpoint)
  async sendUploadPart(
    @Input() { params, query }: InputOf<typeof sendPartEndpoint>,
    @BodyStream() body: Readable,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    try {
      // Ending the loop early must not end the connection: the answer goes over it.
      const bytes = body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
      const offset = await this.uploads.write(params.id, query.offset, bytes);
      void reply.header('upload-offset', offset);
    } catch (error) {
      // What is left of the body is not worth reading.
      void reply.header('connection', 'close').header('retry-after', Math.ceil(LEASE_MS / 1_000));
      const progress = await this.uploads.get(params.id).catch(() => undefined);
      if (progress !== undefined) void reply.header('upload-offset', progress.offset);
      throw error;
    }
  }

  @Endpoint(finishUploadEndpoint)
  async finishUpload(
    @Input() { params }: InputOf<typeof finishUploadEndpoint>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof finishUploadEndpoint>> {
    const content = await this.uploads.finish(params.id);
    void reply.header('location', `/api/v1/content/${content.id}`);
    return contentView(content);
  }

  @Endpoint(cancelUploadEndpoint)
  cancelUpload(@Input() { params }: InputOf<typeof cancelUploadEndpoint>): Promise<void> {
    return this.uploads.cancel(params.id);
  }

  private async see(id: string, reply: FastifyReply): Promise<Upload> {
    const upload = await this.uploads.get(id);
    void reply.header('upload-offset', upload.offset);
    return uploadView(upload);
  }
}

const uploadView = ({ touchedAt, ...upload }: UploadProgress): Upload => ({
  ...upload,
  expiresAt: touchedAt + ABANDONED_AFTER_MS,
});
