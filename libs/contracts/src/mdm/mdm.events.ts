import { z } from 'zod';
import { defineEvent } from '../messaging/define.js';
import { defineStatusEvent } from '../status/status-message.schema.js';
import { commandStateSchema, errorChainItemSchema } from './command.schema.js';
import { declarationStatusSchema } from './declaration.schema.js';
import { enrollmentIdSchema, enrollmentSchema, pushStateSchema } from './enrollment.schema.js';
import {
  deviceFactsSchema,
  installedApplicationSchema,
  installedProfileSchema,
  securityFactsSchema,
} from './inventory.schema.js';

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
    /** As it stands now. */
    enrollment: enrollmentSchema,
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
  payload: commandFacts.extend({
    state: commandStateSchema,
    errorChain: z.array(errorChainItemSchema),
    createdAt: time,
    pushedAt: time.nullable(),
    sentAt: time.nullable(),
  }),
});

const report = z.object({
  enrollmentId: enrollmentIdSchema,
  /** When the device answered. */
  at: time,
  /** When the device fetched the question: changes after that are not in the answer. */
  askedAt: time,
});

/** A device answered DeviceInformation. */
export const deviceReported = defineEvent({
  owner: 'mdm',
  aggregate: 'inventory',
  event: 'device-reported',
  payload: report.extend({ facts: deviceFactsSchema }),
});

/** A device answered SecurityInfo. */
export const securityReported = defineEvent({
  owner: 'mdm',
  aggregate: 'inventory',
  event: 'security-reported',
  payload: report.extend({ facts: securityFactsSchema }),
});

/** A device answered ProfileList: all that is installed, so what is not named is not there. */
export const profilesReported = defineEvent({
  owner: 'mdm',
  aggregate: 'inventory',
  event: 'profiles-reported',
  payload: report.extend({ profiles: z.array(installedProfileSchema) }),
});

/** A device answered InstalledApplicationList: all that is installed (at most 5,000 are told). */
export const applicationsReported = defineEvent({
  owner: 'mdm',
  aggregate: 'inventory',
  event: 'applications-reported',
  payload: report.extend({ applications: z.array(installedApplicationSchema).max(5_000) }),
});

/** A device told how its declarations stand. */
export const declarationsReported = defineEvent({
  owner: 'mdm',
  aggregate: 'declaration',
  event: 'status-reported',
  payload: z.object({
    enrollmentId: enrollmentIdSchema,
    at: time,
    /** True: what is not named is not there. False: only what changed is named. */
    full: z.boolean(),
    declarations: z.array(declarationStatusSchema),
  }),
});

/** When devices were last seen, several at once; up to a minute behind. */
export const devicesSeen = defineEvent({
  owner: 'mdm',
  aggregate: 'presence',
  event: 'seen',
  payload: z.object({ seen: z.array(z.object({ enrollmentId: enrollmentIdSchema, at: time })).max(1_000) }),
});

export const mdmStatusReported = defineStatusEvent('mdm');
