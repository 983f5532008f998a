import { z } from 'zod';

import { HttpProblem, type Route } from '../http/json-server.js';
import type { ApnsRoom } from './apns.room.js';
import { faultRequest } from './faults.js';

const goawayRequest = z.object({
  reason: z
    .string()
    .regex(/^[A-Za-z]{1,64}$/)
    .default('Shutdown'),
  errorCode: z.number().int().min(0).max(13).default(0),
});
const unregisterRequest = z.object({ timestamp: z.number().int().min(0).optional() });

/** Faults, goodbyes and a look inside, under `/apns/`. */
export function adminRoutes(room: ApnsRoom): readonly Route[] {
  return [
    { method: 'GET', path: /^\/apns\/status$/, handle: () => room.status() },
    {
      method: 'GET',
      path: /^\/apns\/pushes$/,
      handle: ({ query }) => room.pushes(query.get('token')?.toLowerCase()),
    },
    { method: 'GET', path: /^\/apns\/faults$/, handle: () => room.faults.list() },
    {
      method: 'POST',
      path: /^\/apns\/faults$/,
      handle: async (call) => room.faults.inject(await call.json(faultRequest)),
    },
    { method: 'DELETE', path: /^\/apns\/faults$/, handle: () => room.faults.clear() },
    {
      method: 'DELETE',
      path: /^\/apns\/faults\/(?<id>\d+)$/,
      handle({ params }) {
        if (!room.faults.remove(Number(params['id']))) throw new HttpProblem(404, 'There is no such fault.');
      },
    },
    {
      method: 'POST',
      path: /^\/apns\/goaway$/,
      async handle(call) {
        const { reason, errorCode } = await call.json(goawayRequest);
        return { connections: room.goaway(reason, errorCode) };
      },
    },
    {
      method: 'POST',
      path: /^\/apns\/drop$/,
      handle: () => ({ connections: room.dropConnections() }),
    },
    {
      method: 'POST',
      path: /^\/apns\/tokens\/(?<token>[0-9a-fA-F]+)\/unregister$/,
      async handle(call) {
        const { timestamp } = await call.json(unregisterRequest);
        const token = call.params['token'] ?? '';
        if (!room.unregister(token, timestamp === undefined ? undefined : new Date(timestamp))) {
          throw new HttpProblem(404, 'There is no such token.');
        }
      },
    },
  ];
}
