import { z } from 'zod';

/** Whether a link still works, and if not, why. Links that are over are forgotten after a month. */
export const enrollmentLinkStateSchema = z.enum(['usable', 'used-up', 'expired', 'revoked']);
export type EnrollmentLinkState = z.output<typeof enrollmentLinkStateSchema>;

const time = (description: string): z.ZodNumber =>
  z
    .number()
    .int()
    .meta({ description: `${description} Epoch milliseconds, UTC.` });

/** A link under which devices enrol, without its URL: that is shown once, when it is made. */
export const enrollmentLinkSchema = z
  .object({
    id: z.uuid(),
    state: enrollmentLinkStateSchema,
    maxUses: z.number().int().meta({ description: 'Profiles that it hands out before it is used up.' }),
    uses: z.number().int().meta({ description: 'Profiles that it has handed out.' }),
    signed: z.boolean().meta({ description: 'True: the profile is signed by this server.' }),
    createdAt: time('When it was made.'),
    createdBy: z.string(),
    expiresAt: time('When it stops working.'),
    revokedAt: time('When it was revoked.').nullable(),
    revokedBy: z.string().nullable(),
  })
  .meta({ id: 'EnrollmentLink', description: 'A link under which devices enrol, without its URL.' });
export type EnrollmentLink = z.output<typeof enrollmentLinkSchema>;
