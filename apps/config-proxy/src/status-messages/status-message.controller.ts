import { Controller, Inject } from '@nestjs/common';
import { listQuery, statusPageSchema } from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import { z } from 'zod';
import { StatusMessageStore } from './status-message.store.js';

const listStatusMessages = defineEndpoint({
  method: 'GET',
  path: '/api/v1/status-messages',
  reach: 'site',
  scope: 'status:read',
  tag: 'Status messages',
  summary: 'List status messages',
  description:
    'What the services have to say to admins, newest first. Live: follow the events status.* of /api/v1/events.',
  query: z.object(listQuery),
  response: statusPageSchema,
});

@Controller()
export class StatusMessageController {
  constructor(@Inject(StatusMessageStore) private readonly messages: StatusMessageStore) {}

  @Endpoint(listStatusMessages)
  async listStatusMessages(
    @Input() { query }: InputOf<typeof listStatusMessages>,
  ): Promise<ResultOf<typeof listStatusMessages>> {
    const { rows, next } = await this.messages.list(query);
    return { items: rows, ...(next !== undefined && { nextCursor: next }) };
  }
}
