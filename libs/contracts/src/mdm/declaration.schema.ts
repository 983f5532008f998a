import { z } from 'zod';
import { plainTextSchema } from './enrollment.schema.js';

/** Identifiers and server tokens have at most 64 octets (Apple, "Declarations"). */
const tokenText = plainTextSchema.min(1).max(64);

export const declarationKindSchema = z.enum(['activation', 'asset', 'configuration', 'management']);
export type DeclarationKind = z.output<typeof declarationKindSchema>;

/** One declaration as a device gets it. */
export const declarationSchema = z.object({
  identifier: tokenText,
  /** As in `com.apple.configuration.passcode.settings`; the third part is the kind. */
  type: plainTextSchema
    .max(128)
    .regex(/^com\.apple\.(activation|asset|configuration|management)\.[a-z0-9.-]+$/),
  /** Changes whenever the payload does. */
  serverToken: tokenText,
  payload: z.record(z.string(), z.json()),
});
export type Declaration = z.output<typeof declarationSchema>;

/** What a device says of one declaration (StatusItems.management.declarations). */
export const declarationStatusSchema = z.object({
  kind: declarationKindSchema,
  identifier: z.string(),
  serverToken: z.string(),
  active: z.boolean(),
  valid: z.enum(['valid', 'invalid', 'unknown']),
  reasons: z.array(z.object({ code: z.string(), description: z.string() })),
});
export type DeclarationStatus = z.output<typeof declarationStatusSchema>;
