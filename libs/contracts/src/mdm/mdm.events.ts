import { z } from 'zod';
import { defineEvent } from '../messaging/define.js';
import { commandStateSchema, errorChainItemSchema } from './command.schema.js';
import { enrollmentIdSchema, pushStateSchema } from './enrollment.schema.js';

const time = z.number().int();

/** A device proved its identity and is about to enrol; its queue was cleared. */
export const enrollmentAuthenticated = defineEvent({
  owner: 'mdm',
  aggregate: 'enrollment',
  event: 'authenticated',
  payload: z.object({
    id: enrollmentIdSchema,
    at: time,
    serialNumber: z.string().nullable(),
    model: z.string().nullable(),
    deviceName: z.string().nullable(),
    /** True where the enrolment was known before. */
    again: z.boolean(),
    /** True where the device was enrolled with another certificate: enrolled anew, or somebody posing as it. */
    identityChanged: z.boolean(),
  }),
});

/** The first TokenUpdate after Authenticate: the device is enrolled and can be woken. */
export const enrollmentEnrolled = defineEvent({
  owner: 'mdm',
  aggregate: 'enrollment',
  event: 'enrolled',
  payload: z.object({
    id: enrollmentIdSchema,
    deviceId: enrollmentIdSchema,
    kind: z.enum(['device', 'user']),
    at: time,
  }),
});

/** The device checked out: it is no longer managed. */
export const enrollmentRemoved = defineEvent({
  owner: 'mdm',
  aggregate: 'enrollment',
  event: 'removed',
  payload: z.object({ id: enrollmentIdSchema, at: time }),
});

/** APNs refused the device's token, or takes it again after a TokenUpdate. */
export const enrollmentPushChanged = defineEvent({
  owner: 'mdm',
  aggregate: 'enrollment',
  event: 'push-changed',
  payload: z.object({
    id: enrollmentIdSchema,
    push: pushStateSchema,
    reason: z.string().optional(),
    at: time,
  }),
});

const commandFacts = z.object({
  id: z.uuid(),
  commandId: z.uuid(),
  enrollmentId: enrollmentIdSchema,
  requestType: z.string(),
  at: time,
});

/** A command waits for a device. */
export const commandQueued = defineEvent({
  owner: 'mdm',
  aggregate: 'command',
  event: 'queued',
  payload: commandFacts.extend({ createdBy: z.string() }),
});

/** The device answered that it cannot do it now; it is offered again. */
export const commandDeferred = defineEvent({
  owner: 'mdm',
  aggregate: 'command',
  event: 'deferred',
  payload: commandFacts.extend({ notNowCount: z.number().int() }),
});

/** The command reached a final state. The result itself is read with `get-command`. */
export const commandCompleted = defineEvent({
  owner: 'mdm',
  aggregate: 'command',
  event: 'completed',
  payload: commandFacts.extend({ state: commandStateSchema, errorChain: z.array(errorChainItemSchema) }),
});
