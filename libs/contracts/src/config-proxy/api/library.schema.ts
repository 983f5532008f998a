import { z } from 'zod';
import { plainTextSchema } from '../../mdm/enrollment.schema.js';
import { nextCursorSchema } from '../console-api.schema.js';
import {
  categories,
  description,
  name,
  newThing,
  note,
  platforms,
  platformSchema,
  policyScopeSchema,
  revisionHead,
  sha256,
  thing,
} from './library-fields.js';

export { platformSchema, policyScopeSchema, type Platform, type PolicyScope } from './library-fields.js';
export * from './library-content.schema.js';
export * from './library-software.schema.js';

/** What can be deployed. */
export const libraryKindSchema = z.enum(['configuration-item', 'baseline', 'application', 'package']);
export type LibraryKind = z.output<typeof libraryKindSchema>;

/** Names one thing of the library, as deployments do. */
export interface LibraryThing {
  readonly thingKind: LibraryKind;
  readonly thingId: string;
}

export const configurationItemKindSchema = z.enum(['profile', 'declaration', 'script']);
export type ConfigurationItemKind = z.output<typeof configurationItemKindSchema>;

export const configurationItemSchema = z
  .object({
    ...thing,
    kind: configurationItemKindSchema,
    identifier: z
      .string()
      .meta({ description: 'PayloadIdentifier of a profile, Identifier of a declaration.' }),
    scope: policyScopeSchema,
    platforms: z.array(platformSchema),
  })
  .meta({
    id: 'ConfigurationItem',
    description: 'A profile, a declaration or a script, as the latest revision has it.',
  });
export type ConfigurationItem = z.output<typeof configurationItemSchema>;

export const payloadSummarySchema = z.object({
  type: z.string(),
  identifier: z.string(),
  uuid: z.string(),
  displayName: z.string().optional(),
});

/** A revision without its content, which may hold secrets. */
export const configurationItemRevisionSchema = z
  .object({
    ...revisionHead,
    platforms: z.array(platformSchema),
    size: z.number().int().meta({ description: 'Bytes of the content.' }),
    sha256,
    deployedVersion: z.string().meta({
      description:
        'What a device shows once it has this revision: PayloadUUID of a profile, ServerToken of a declaration.',
    }),
    type: z.string().nullable().meta({ description: 'Type of a declaration.' }),
    signed: z.boolean().meta({ description: 'A signed profile is deployed exactly as it was uploaded.' }),
    payloads: z.array(payloadSummarySchema).meta({ description: 'Payloads of a profile.' }),
    warnings: z
      .array(z.string())
      .meta({ description: "What does not fit Apple's schema; it is deployed all the same." }),
  })
  .meta({ id: 'ConfigurationItemRevision', description: 'One revision, without its content.' });
export type ConfigurationItemRevision = z.output<typeof configurationItemRevisionSchema>;

const declarationContentSchema = z
  .strictObject({
    Type: plainTextSchema.min(1).max(128),
    Identifier: plainTextSchema.min(1).max(64),
    Payload: z.record(z.string(), z.json()),
    ServerToken: z.string().max(64).optional().meta({ description: 'Ignored: it is made from the content.' }),
  })
  .meta({
    description:
      'As Apple spells a declaration. Of kind configuration or asset; activations are made by the server.',
  });
export type DeclarationContent = z.output<typeof declarationContentSchema>;

const scriptText = z
  .string()
  .min(1)
  .max(256 * 1_024);
const interpreter = z
  .string()
  .regex(/^\/[\x21-\x7e]{1,200}$/, 'must be an absolute path such as /bin/zsh')
  .default('/bin/zsh');

export const scriptContentSchema = z.strictObject({
  interpreter,
  detection: scriptText.meta({ description: 'Prints what is compared with "expected".' }),
  remediation: scriptText.nullable().default(null).meta({ description: 'Runs where it is not compliant.' }),
  resultType: z.enum(['text', 'integer', 'version', 'exit-code']).default('text'),
  operator: z
    .enum(['equals', 'not-equals', 'greater', 'greater-or-equal', 'less', 'less-or-equal', 'contains'])
    .default('equals'),
  expected: z.string().max(2_000),
  runAs: z.enum(['root', 'user']).default('root'),
  timeoutSeconds: z.number().int().min(1).max(3_600).default(60),
});
export type ScriptContent = z.output<typeof scriptContentSchema>;

export const configurationItemContentSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('profile'),
    profile: z.base64().meta({ description: 'The .mobileconfig, plain or signed, in base64.' }),
  }),
  z.strictObject({ kind: z.literal('declaration'), declaration: declarationContentSchema }),
  z.strictObject({ kind: z.literal('script'), script: scriptContentSchema }),
]);
export type ConfigurationItemContent = z.output<typeof configurationItemContentSchema>;

const scopeOption = policyScopeSchema.optional().meta({
  description:
    'System or user. A profile that says nothing of it is for the system unless told otherwise here; one that does must say the same.',
});

export const newConfigurationItemBodySchema = z.strictObject({
  ...newThing,
  name: name.optional().meta({ description: 'Default: the display name of the profile, or the identifier.' }),
  scope: scopeOption,
  platforms: platforms.optional().meta({
    description: "Default: the platforms on which Apple's schema has what it is made of.",
  }),
  note: note.default(''),
  content: configurationItemContentSchema,
});

/** Query of an import, where the body is the file itself. */
export const importProfileQuerySchema = z.strictObject({
  name: name.optional(),
  scope: scopeOption,
  note: note.default(''),
});

export const configurationItemChangeSchema = z.strictObject({
  name: name.optional(),
  description: description.optional(),
  categories: categories.optional(),
  platforms: platforms.optional().meta({ description: 'Makes a new revision.' }),
  content: configurationItemContentSchema.optional().meta({ description: 'Makes a new revision.' }),
  note: note.default(''),
});

export const configurationItemDetailSchema = z
  .object({ item: configurationItemSchema, latest: configurationItemRevisionSchema })
  .meta({ id: 'ConfigurationItemDetail', description: 'A configuration item with its latest revision.' });

export const configurationItemPageSchema = z.object({
  items: z.array(configurationItemSchema),
  nextCursor: nextCursorSchema,
});
export const configurationItemRevisionPageSchema = z.object({
  items: z.array(configurationItemRevisionSchema),
  nextCursor: nextCursorSchema,
});

export const baselineMemberSchema = z.strictObject({
  ciId: z.uuid(),
  revision: z
    .number()
    .int()
    .min(1)
    .nullable()
    .default(null)
    .meta({ description: 'Always this revision; null: always the latest one.' }),
});
export type BaselineMember = z.output<typeof baselineMemberSchema>;

export const baselineSchema = z
  .object({ ...thing, memberCount: z.number().int() })
  .meta({ id: 'Baseline', description: 'A set of configuration items that is deployed together.' });
export type Baseline = z.output<typeof baselineSchema>;

export const baselineRevisionSchema = z
  .object({
    ...revisionHead,
    members: z.array(
      z.object({
        ciId: z.uuid(),
        revision: z.number().int().nullable(),
        name: z.string().meta({ description: 'As it was called when the revision was made.' }),
        identifier: z.string(),
      }),
    ),
  })
  .meta({ id: 'BaselineRevision', description: 'One revision of a baseline with its members.' });
export type BaselineRevision = z.output<typeof baselineRevisionSchema>;

const members = z.array(baselineMemberSchema).min(1).max(200);
export const newBaselineBodySchema = z.strictObject({ ...newThing, note: note.default(''), members });
export const baselineChangeSchema = z.strictObject({
  name: name.optional(),
  description: description.optional(),
  categories: categories.optional(),
  members: members.optional().meta({ description: 'Makes a new revision.' }),
  note: note.default(''),
});
export const baselineDetailSchema = z
  .object({ item: baselineSchema, latest: baselineRevisionSchema })
  .meta({ id: 'BaselineDetail', description: 'A baseline with its latest revision.' });
export const baselinePageSchema = z.object({ items: z.array(baselineSchema), nextCursor: nextCursorSchema });
export const baselineRevisionPageSchema = z.object({
  items: z.array(baselineRevisionSchema),
  nextCursor: nextCursorSchema,
});
