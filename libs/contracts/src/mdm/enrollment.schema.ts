import { z } from 'zod';

/** Text without control characters and halves of surrogate pairs: PostgreSQL stores neither NUL nor those. */
export const plainTextSchema = z.string().regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not hold control characters');

/** Identifier of an enrolment: UDID, EnrollmentID, or `<device>:<user>` for a user channel. */
export const enrollmentIdSchema = plainTextSchema.min(1).max(400);

/** `pending`: Authenticate seen, no TokenUpdate yet. `removed`: checked out. */
export const enrollmentStateSchema = z.enum(['pending', 'enrolled', 'removed']);
export type EnrollmentState = z.output<typeof enrollmentStateSchema>;

/**
 * Whether the device can be woken. `none`: no push token yet. `unregistered`: APNs answered 410.
 * `invalid-token`: APNs refuses the token. Both last until the next TokenUpdate.
 */
export const pushStateSchema = z.enum(['ok', 'none', 'unregistered', 'invalid-token']);
export type PushState = z.output<typeof pushStateSchema>;

/** Epoch milliseconds, UTC. */
const timeSchema = z.number().int();

/** One enrolment as other services and consoles see it. No push token, no secret. */
export const enrollmentSchema = z.object({
  id: enrollmentIdSchema,
  kind: z.enum(['device', 'user']),
  /** The device channel's id; the same as `id` for a device. */
  deviceId: enrollmentIdSchema,
  state: enrollmentStateSchema,
  serialNumber: z.string().nullable(),
  deviceName: z.string().nullable(),
  model: z.string().nullable(),
  modelName: z.string().nullable(),
  productName: z.string().nullable(),
  osVersion: z.string().nullable(),
  buildVersion: z.string().nullable(),
  userShortName: z.string().nullable(),
  push: pushStateSchema,
  /** SHA-256 of the pinned identity certificate, hex. */
  certificateFingerprint: z.string(),
  certificateNotAfter: timeSchema.nullable(),
  authenticatedAt: timeSchema,
  enrolledAt: timeSchema.nullable(),
  removedAt: timeSchema.nullable(),
  /** Up to a minute behind: last-seen times are written in batches. */
  lastSeenAt: timeSchema.nullable(),
});
export type Enrollment = z.output<typeof enrollmentSchema>;
