import { z } from 'zod';

import { HttpProblem, STREAMED, type Route } from '../http/json-server.js';
import type { DeviceStreams } from './device-streams.js';
import type { DeviceTokenRegistry } from './device-token.registry.js';

const tokens = z.array(z.string().regex(/^[0-9a-fA-F]+$/)).max(50_000);

const tokenRequest = z.object({
  topic: z.string().min(1).max(256),
  /** How many to issue at once. */
  count: z.number().int().min(1).max(50_000).default(1),
  /** A token that the device brings along, such as one from before a restart of the simulator. */
  token: z.string().optional(),
});

const subscription = z.object({ tokens: tokens.default([]) });
const change = z.object({ add: tokens.default([]), remove: tokens.default([]) });

/** What simulated devices call: tokens and event streams. */
export function deviceRoutes(registry: DeviceTokenRegistry, streams: DeviceStreams): readonly Route[] {
  return [
    {
      method: 'POST',
      path: /^\/devices\/tokens$/,
      async handle(call) {
        const { topic, count, token } = await call.json(tokenRequest);
        if (token !== undefined) {
          const wanted = token.toLowerCase();
          if (!registry.isWellFormed(wanted)) throw new HttpProblem(400, 'token: has not the length of one.');
          return { token: registry.issue(topic, wanted) };
        }
        if (count === 1) return { token: registry.issue(topic) };
        return { tokens: Array.from({ length: count }, () => registry.issue(topic)) };
      },
    },
    {
      method: 'DELETE',
      path: /^\/devices\/tokens\/(?<token>[0-9a-fA-F]+)$/,
      handle({ params }) {
        if (!registry.unregister(params['token']?.toLowerCase() ?? '')) {
          throw new HttpProblem(404, 'There is no such token.');
        }
        return {};
      },
    },
    {
      method: 'GET',
      path: /^\/devices\/events$/,
      handle({ query, response }) {
        const list = query.getAll('token').flatMap((value) => value.split(','));
        streams.open(response, list.filter(Boolean));
        return STREAMED;
      },
    },
    {
      method: 'POST',
      path: /^\/devices\/events$/,
      async handle(call) {
        const body = await call.json(subscription);
        streams.open(call.response, body.tokens);
        return STREAMED;
      },
    },
    {
      method: 'POST',
      path: /^\/devices\/streams\/(?<stream>[0-9a-f-]{36})\/tokens$/,
      async handle(call) {
        const stream = streams.get(call.params['stream'] ?? '');
        if (stream === undefined) throw new HttpProblem(404, 'There is no such stream.');
        const { add, remove } = await call.json(change);
        stream.remove(remove);
        return stream.add(add);
      },
    },
  ];
}
