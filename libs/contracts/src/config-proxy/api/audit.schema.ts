import { z } from 'zod';
import { actorSchema } from '../../messaging/actor.js';
import { nextCursorSchema } from '../console-api.schema.js';

const sha256 = (description: string) =>
  z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hexadecimal')
    .meta({ description });

const sequence = z.number().int().min(1);

export const auditOutcomes = ['begun', 'succeeded', 'refused', 'failed'] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

/** Something that an action was about. */
export const auditTargetSchema = z.object({
  type: z.string().meta({ description: 'device, collection, enrollment, command, api-token …' }),
  id: z.string(),
  name: z.string().nullable(),
});
export type AuditTarget = z.output<typeof auditTargetSchema>;

/** A record as it is hashed: `hash` is over all other fields, in the canonical form that docs/audit.md describes. */
export const auditRecordSchema = z
  .object({
    sequence: sequence.meta({ description: 'Without gaps, from 1.' }),
    at: z.number().int().meta({ description: 'Epoch milliseconds, UTC, by the clock of the replica.' }),
    action: z.string().meta({ description: 'The operation of the API, or what a service did by itself.' }),
    outcome: z.enum(auditOutcomes),
    actor: z
      .object({
        type: actorSchema.shape.type,
        id: z.string(),
        name: z.string(),
        ip: z.string().nullable(),
        auth: z.string().nullable(),
      })
      .nullable()
      .meta({ description: 'Null where nobody was known.' }),
    credentialId: z.string().nullable().meta({ description: 'What they proved who they are with.' }),
    address: z.string().meta({ description: 'Address that the request came from.' }),
    targets: z.array(auditTargetSchema),
    requestId: z
      .string()
      .meta({ description: 'As in X-Request-Id and the logs; ties begun to its outcome.' }),
    approvalId: z.string().nullable(),
    errorCode: z.string().nullable(),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    prevHash: sha256('Hash of the record before; zeros for the first one.'),
    hash: sha256('SHA-256 over the canonical form of all other fields.'),
  })
  .meta({ id: 'AuditRecord', description: 'One record of the audit log: it is never changed.' });
export type AuditRecord = z.output<typeof auditRecordSchema>;

export const auditPageSchema = z.object({ items: z.array(auditRecordSchema), nextCursor: nextCursorSchema });

/** A signature over the log up to a record. */
export const auditCheckpointSchema = z
  .object({
    sequence: sequence.meta({ description: 'The newest record that it covers.' }),
    hash: sha256('Hash of that record.'),
    at: z.number().int().meta({ description: 'When it was signed. Epoch milliseconds, UTC.' }),
    previous: z.number().int().meta({ description: 'Sequence of the checkpoint before; 0: there is none.' }),
    keyId: sha256('SHA-256 of the public key (SPKI, DER).'),
    signed: z.string().meta({ description: 'The text that is signed.' }),
    signature: z.string().meta({ description: 'Ed25519, base64.' }),
  })
  .meta({ id: 'AuditCheckpoint', description: 'A signature over the audit log up to a record.' });
export type AuditCheckpoint = z.output<typeof auditCheckpointSchema>;

export const auditCheckpointPageSchema = z.object({
  items: z.array(auditCheckpointSchema),
  nextCursor: nextCursorSchema,
});

export const auditKeySchema = z
  .object({
    id: sha256('SHA-256 of the public key (SPKI, DER).'),
    publicKey: z.string().meta({ description: 'PEM (SPKI), Ed25519.' }),
    createdAt: z.number().int(),
  })
  .meta({ id: 'AuditKey', description: 'The public half of a key that signs checkpoints.' });
export type AuditKey = z.output<typeof auditKeySchema>;

export const auditKeyListSchema = z.object({ items: z.array(auditKeySchema) });

export const auditVerifyBodySchema = z.strictObject({
  from: sequence.optional().meta({ description: 'First record to look at; the oldest one unless given.' }),
});
