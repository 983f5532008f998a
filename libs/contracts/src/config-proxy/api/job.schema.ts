import { z } from 'zod';
import { nextCursorSchema } from '../console-api.schema.js';

export const jobStateSchema = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']);
export type JobState = z.output<typeof jobStateSchema>;

/** A long piece of work; it goes on after a restart. Times are epoch milliseconds, UTC. */
export const jobSchema = z
  .object({
    id: z.uuid(),
    kind: z.string(),
    /** What it is about, for people. */
    title: z.string(),
    state: jobStateSchema,
    /** Items done; failed ones included. */
    done: z.number().int(),
    failed: z.number().int(),
    /** Null while it is not known. */
    total: z.number().int().nullable(),
    /** The first failures, and how it ended. */
    messages: z.array(z.string()),
    createdAt: z.number().int(),
    createdBy: z.string(),
    startedAt: z.number().int().nullable(),
    finishedAt: z.number().int().nullable(),
  })
  .meta({
    id: 'Job',
    description: 'A long piece of work with its progress. Times are epoch milliseconds, UTC.',
  });
export type Job = z.output<typeof jobSchema>;

export const jobPageSchema = z.object({ items: z.array(jobSchema), nextCursor: nextCursorSchema });
