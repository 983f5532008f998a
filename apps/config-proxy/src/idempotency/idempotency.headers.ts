import { hash, randomUUID } from 'node:crypto';
import { z } from 'zod';

/** Header that makes a submission safe to repeat. */
export const idempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,80}$/, 'must be 1 to 80 visible ASCII characters')
    .optional()
    .meta({
      description:
        'Any text that is new for each new request. The same key again, with the same token and request, answers with what the first request made.',
    }),
});

/** The key that was given, or a fresh one, which the answer names so that the request can still be repeated. */
export const idempotencyKey = (headers: z.output<typeof idempotencyHeaders>): string =>
  headers['idempotency-key'] ?? randomUUID();

/** mdm takes no longer request ids. */
const LONGEST = 128;

/** Keys of different callers never meet. */
export function requestIdFor(callerId: string, key: string): string {
  const id = `${callerId}:${key}`;
  return id.length <= LONGEST ? id : hash('sha256', id, 'hex');
}
