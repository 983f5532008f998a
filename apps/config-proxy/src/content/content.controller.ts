import { Readable } from 'node:stream';
import { Controller, Inject, Req, Res } from '@nestjs/common';
import { configProxyErrors, contentPageSchema, contentSchema } from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { asAttachment, libraryList, libraryListQuery, libraryParams } from '../library/library.http.js';
import { pageView } from '../library/views.js';
import { ContentService } from './content.service.js';
import { contentView } from './content.views.js';
import { planFileAnswer, readFileRange } from './open-file.js';

const tag = 'Content';
const read = { scope: 'library:read', reach: 'self', tag } as const;
const PATH = '/api/v1/content';

const listContentEndpoint = defineEndpoint({
  ...read,
  ...libraryList,
  method: 'GET',
  path: PATH,
  summary: 'List content',
  query: libraryListQuery,
  response: contentPageSchema,
});

const readContentEndpoint = defineEndpoint({
  ...read,
  method: 'GET',
  path: `${PATH}/:id`,
  summary: 'See content',
  description:
    'What an application or package has ("distributed") is served at "path" on the content port, over plain HTTP and to anybody: content is not secret, and clients check its SHA-256.',
  params: libraryParams,
  response: contentSchema,
});

const downloadContentEndpoint = defineEndpoint({
  ...read,
  method: 'GET',
  path: `${PATH}/:id/file`,
  summary: 'Download content',
  description: 'Takes Range, If-Range and If-None-Match; ETag is the SHA-256.',
  params: libraryParams,
  contentType: 'application/octet-stream',
  ownAnswer: true,
});

const deleteContentEndpoint = defineEndpoint({
  method: 'DELETE',
  path: `${PATH}/:id`,
  scope: 'library:write',
  reach: 'site',
  tag,
  summary: 'Delete content',
  description:
    'Refused while an application or package has it in some revision; the answer names them. Content that nothing has for a week goes by itself.',
  params: libraryParams,
});

/** `/api/v1/content`. */
@Controller()
export class ContentController {
  constructor(@Inject(ContentService) private readonly content: ContentService) {}

  @Endpoint(listContentEndpoint)
  async listContent(
    @Input() { query }: InputOf<typeof listContentEndpoint>,
  ): Promise<ResultOf<typeof listContentEndpoint>> {
    return pageView(await this.content.list(query), contentView);
  }

  @Endpoint(readContentEndpoint)
  async readContent(
    @Input() { params }: InputOf<typeof readContentEndpoint>,
  ): Promise<ResultOf<typeof readContentEndpoint>> {
    return contentView(await this.content.get(params.id));
  }

  @Endpoint(downloadContentEndpoint)
  async downloadContent(
    @Input() { params }: InputOf<typeof downloadContentEndpoint>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { item, opened } = await this.content.open(params.id);
    const { status, headers, range } = planFileAnswer(item.fileName, opened, request);
    void reply.headers(headers);
    if (status !== 416 && range !== undefined) {
      const bytes = Readable.from(readFileRange(opened, range), { objectMode: false });
      bytes.once('close', () => void opened.file.close());
      asAttachment(reply, item.fileName);
      void reply.code(status).send(bytes);
      return;
    }
    await opened.file.close();
    if (status === 416) throw configProxyErrors.ESP_PACKAGE_RANGE({ detail: `It has ${opened.size} bytes.` });
    void reply.code(status).send();
  }

  @Endpoint(deleteContentEndpoint)
  deleteContent(@Input() { params }: InputOf<typeof deleteContentEndpoint>): Promise<void> {
    return this.content.delete(params.id);
  }
}
