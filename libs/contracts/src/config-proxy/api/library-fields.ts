import { z } from 'zod';
import { plainTextSchema } from '../../mdm/enrollment.schema.js';
import { policyItemSchema } from '../../policy/policy.schema.js';

export const platformSchema = policyItemSchema.shape.platforms.element;
export type Platform = z.output<typeof platformSchema>;

export const policyScopeSchema = policyItemSchema.shape.scope;
export type PolicyScope = z.output<typeof policyScopeSchema>;

export const time = (description: string): z.ZodNumber =>
  z
    .number()
    .int()
    .meta({ description: `${description} Epoch milliseconds, UTC.` });

export const name = plainTextSchema
  .trim()
  .min(1)
  .max(255)
  // The form in which it is compared and kept may be longer than what was written.
  .refine((text) => text.normalize('NFC').toLowerCase().length <= 255, 'is too long');
/** Text of several lines. Databases refuse NUL, and halves of surrogate pairs. */
export const freeText = (max: number): z.ZodString =>
  z
    .string()
    .max(max)
    .regex(/^[^\0\p{Cs}]*$/u, 'must be well-formed and not hold the character NUL');
export const description = freeText(2_000);
export const platforms = z
  .array(platformSchema)
  .min(1)
  .max(6)
  .transform((all) => [...new Set(all)]);
export const categories = z
  .array(plainTextSchema.trim().min(1).max(100))
  .max(20)
  .transform((all) => [...new Set(all)]);
export const note = plainTextSchema.max(500).meta({ description: 'Why there is this revision, for people.' });
export const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256: 64 hexadecimal digits in lower case')
  .meta({ description: 'SHA-256, hexadecimal.' });

/** What everything in the library has in common. */
export const thing = {
  id: z.uuid(),
  number: z.number().int().meta({ description: "A number of its own: ConfigMgr's CI_ID." }),
  uniqueId: z.string().meta({ description: 'As in ConfigMgr: the type, and the id.' }),
  name: z.string(),
  description: z.string(),
  categories: z.array(z.string()),
  revision: z.number().int().meta({ description: 'The latest revision.' }),
  version: z.number().int().meta({ description: 'Grows with every change; the ETag.' }),
  createdAt: time('When it was made.'),
  createdBy: z.string(),
  changedAt: time('When it was last changed.'),
  changedBy: z.string(),
};

export const revisionHead = {
  revision: z.number().int(),
  createdAt: time('When it was made.'),
  createdBy: z.string(),
  note: z.string(),
};

export const newThing = {
  name,
  description: description.default(''),
  categories: categories.default([]),
};
