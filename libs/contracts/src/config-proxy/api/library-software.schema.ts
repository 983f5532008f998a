import { z } from 'zod';
import { plainTextSchema } from '../../mdm/enrollment.schema.js';
import { nextCursorSchema } from '../console-api.schema.js';
import {
  categories,
  description,
  freeText,
  name,
  newThing,
  note,
  platforms,
  platformSchema,
  revisionHead,
  thing,
} from './library-fields.js';

const commandLine = z.string().trim().min(1).max(4_000);
const osVersion = z.string().regex(/^\d{1,3}(\.\d{1,3}){0,2}$/, 'must be a version such as 15.1');

const detectionSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('bundle'),
    bundleId: plainTextSchema.min(1).max(255),
    minimumVersion: plainTextSchema.min(1).max(64).optional(),
  }),
  z.strictObject({
    kind: z.literal('file'),
    path: z.string().regex(/^\/\P{Cc}{1,1000}$/u, 'must be an absolute path'),
  }),
  z.strictObject({
    kind: z.literal('receipt'),
    packageId: plainTextSchema.min(1).max(255),
    minimumVersion: plainTextSchema.min(1).max(64).optional(),
  }),
]);

const deploymentTypeSchema = z.strictObject({
  name,
  installer: z.enum(['pkg', 'dmg', 'app']),
  contentId: z.uuid().meta({ description: 'The installer: content that was uploaded before.' }),
  installCommand: commandLine
    .nullable()
    .default(null)
    .meta({ description: 'Null: as its kind is installed.' }),
  uninstallCommand: commandLine.nullable().default(null),
  detection: detectionSchema,
  minimumOsVersion: osVersion.nullable().default(null),
  platforms: platforms.default(['mac']),
});

export const applicationDefinitionSchema = z.strictObject({
  publisher: freeText(255).default(''),
  softwareVersion: freeText(64).default(''),
  iconContentId: z.uuid().nullable().default(null),
  deploymentTypes: z.array(deploymentTypeSchema).min(1).max(20).meta({
    description: 'In the order in which they are tried: the first whose requirements are met is used.',
  }),
});
export type ApplicationDefinition = z.output<typeof applicationDefinitionSchema>;

export const packageDefinitionSchema = z.strictObject({
  publisher: freeText(255).default(''),
  softwareVersion: freeText(64).default(''),
  language: freeText(64).default(''),
  contentId: z.uuid().nullable().default(null).meta({ description: 'Null: its programs need no files.' }),
  programs: z
    .array(
      z.strictObject({
        name,
        commandLine,
        runAs: z.enum(['root', 'user']).default('root'),
        minimumOsVersion: osVersion.nullable().default(null),
        maximumMinutes: z.number().int().min(1).max(720).default(120),
      }),
    )
    .min(1)
    .max(20),
  platforms: platforms.default(['mac']),
});
export type PackageDefinition = z.output<typeof packageDefinitionSchema>;

const software = {
  ...thing,
  publisher: z.string(),
  softwareVersion: z.string(),
  platforms: z.array(platformSchema),
};
export const applicationSchema = z.object(software).meta({
  id: 'Application',
  description: 'An application as ConfigMgr has it, as the latest revision has it.',
});
export type Application = z.output<typeof applicationSchema>;
export const packageSchema = z.object(software).meta({
  id: 'Package',
  description: 'A package as ConfigMgr has it: content and programs.',
});
export type Package = z.output<typeof packageSchema>;

export const applicationRevisionSchema = z
  .object({ ...revisionHead, definition: applicationDefinitionSchema })
  .meta({ id: 'ApplicationRevision', description: 'One revision of an application.' });
export type ApplicationRevision = z.output<typeof applicationRevisionSchema>;
export const packageRevisionSchema = z
  .object({ ...revisionHead, definition: packageDefinitionSchema })
  .meta({ id: 'PackageRevision', description: 'One revision of a package.' });
export type PackageRevision = z.output<typeof packageRevisionSchema>;

const changeOf = {
  name: name.optional(),
  description: description.optional(),
  categories: categories.optional(),
};

export const newApplicationBodySchema = z.strictObject({
  ...newThing,
  note: note.default(''),
  definition: applicationDefinitionSchema,
});
export const applicationChangeSchema = z.strictObject({
  ...changeOf,
  definition: applicationDefinitionSchema.optional().meta({ description: 'Makes a new revision.' }),
  note: note.default(''),
});
export const newPackageBodySchema = z.strictObject({
  ...newThing,
  note: note.default(''),
  definition: packageDefinitionSchema,
});
export const packageChangeSchema = z.strictObject({
  ...changeOf,
  definition: packageDefinitionSchema.optional().meta({ description: 'Makes a new revision.' }),
  note: note.default(''),
});
export const applicationDetailSchema = z
  .object({ item: applicationSchema, latest: applicationRevisionSchema })
  .meta({ id: 'ApplicationDetail', description: 'An application with its latest revision.' });
export const packageDetailSchema = z
  .object({ item: packageSchema, latest: packageRevisionSchema })
  .meta({ id: 'PackageDetail', description: 'A package with its latest revision.' });
export const applicationPageSchema = z.object({
  items: z.array(applicationSchema),
  nextCursor: nextCursorSchema,
});
export const packagePageSchema = z.object({ items: z.array(packageSchema), nextCursor: nextCursorSchema });
export const applicationRevisionPageSchema = z.object({
  items: z.array(applicationRevisionSchema),
  nextCursor: nextCursorSchema,
});
export const packageRevisionPageSchema = z.object({
  items: z.array(packageRevisionSchema),
  nextCursor: nextCursorSchema,
});
