import { z } from 'zod';

/**
 * Who a request or event is on behalf of, as the audit log names them. It travels in the header `esp-actor`;
 * a service trusts it because only services can reach the bus.
 */
export const actorSchema = z.object({
  type: z.enum(['person', 'api-token', 'device', 'service']),
  /** Stable identifier: OIDC subject, token id, UDID or service name. */
  id: z.string().min(1).max(256),
  /** As shown to people. */
  name: z.string().max(256),
  /** Address that the request came from, where it came from outside. */
  ip: z.string().max(64).optional(),
  /** How they proved who they are: `oidc`, `token`, `kerberos`, `mtls` … */
  auth: z.string().max(64).optional(),
});

export type Actor = z.output<typeof actorSchema>;
