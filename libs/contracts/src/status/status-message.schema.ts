import { z } from 'zod';
import { defineEvent, type EventContract, type ServiceName } from '../messaging/define.js';
import { enrollmentIdSchema } from '../mdm/enrollment.schema.js';

export const statusSeveritySchema = z.enum(['information', 'warning', 'error']);
export type StatusSeverity = z.output<typeof statusSeveritySchema>;

/** One line of the log that services keep for admins (ConfigMgr: status message). */
export const statusMessageSchema = z.object({
  at: z.number().int(),
  severity: statusSeveritySchema,
  /** Room of the service that says it, as in `collections`. */
  component: z.string().min(1).max(64),
  /** Stable name of what happened, as in `collection-evaluated`. */
  messageId: z.string().min(1).max(64),
  /** One sentence for people. Never a secret. */
  text: z.string().min(1).max(2_000),
  enrollmentId: enrollmentIdSchema.optional(),
  resourceId: z.number().int().optional(),
  deploymentId: z.string().max(64).optional(),
  collectionId: z.string().max(64).optional(),
});
export type StatusMessage = z.output<typeof statusMessageSchema>;

/** The event by which a service tells config-proxy, which keeps the log. */
export function defineStatusEvent(owner: ServiceName): EventContract<typeof statusMessageSchema> {
  return defineEvent({ owner, aggregate: 'status', event: owner, payload: statusMessageSchema });
}
