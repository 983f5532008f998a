import { Controller, Inject, Req, Res } from '@nestjs/common';
import { liveEventSchema } from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf } from '@espalier/nest-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { EventService } from './event.service.js';
import { eventTypes, selectEvents } from './event-types.js';

const followEvents = defineEndpoint({
  method: 'GET',
  path: '/api/v1/events',
  reach: 'site',
  scope: 'events:read',
  tag: 'Events',
  summary: 'Follow live events',
  description: [
    'Server-sent events, each with its position as "id", its type as "event" and a LiveEvent as "data".',
    'Connect again with Last-Event-ID to go on after the last event that you have: nothing is lost as long as it is kept (7 days unless configured otherwise). Without it there are only events from now on. Where some of what you missed is not kept any more, the first event is "gap" and names the oldest that is.',
    'A comment comes every 15 seconds, with the position so far as "id" and no data: keep it as the last id, so that you can go on from there also where nothing came that you asked for. A listener that does not read, or whose token is no longer good, is dropped with a last event "dropped" that says why.',
    `Types: ${eventTypes.join(', ')}.`,
  ].join('\n\n'),
  query: z.object({
    types: z.string().max(1_000).optional().meta({
      description: 'Types separated by commas; "command.*" means all of a kind. All types unless given.',
    }),
  }),
  headers: z.object({
    'last-event-id': z
      .string()
      .regex(/^(0|[1-9]\d{0,14})$/, 'must be the id of an event')
      .transform(Number)
      .optional()
      .meta({ description: 'Id of the last event that you have.' }),
  }),
  response: liveEventSchema,
  contentType: 'text/event-stream',
  ownAnswer: true,
});

@Controller()
export class EventController {
  constructor(@Inject(EventService) private readonly events: EventService) {}

  @Endpoint(followEvents)
  async followEvents(
    @Input() { query, headers }: InputOf<typeof followEvents>,
    @FromCaller() caller: Caller,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const contracts = selectEvents(query.types);
    if (request.method === 'HEAD') {
      await reply.type('text/event-stream; charset=utf-8').send();
      return;
    }
    const after = headers['last-event-id'];
    const stream = await this.events.listen({ contracts, after, caller, response: reply.raw });
    reply.hijack();
    stream.open(reply.getHeaders());
  }
}
