import { z } from 'zod';
import { plainTextSchema } from '../../mdm/enrollment.schema.js';
import { collectionIdSchema } from '../../policy/policy.schema.js';
import { nextCursorSchema } from '../console-api.schema.js';
import { freeText, name, sha256, time } from './library-fields.js';

/** What a script is written in. */
export const scriptLanguageSchema = z.enum(['powershell', 'shell', 'zsh', 'python']);
export type ScriptLanguage = z.output<typeof scriptLanguageSchema>;

/** ConfigMgr's 0, 1 and 3, in words. */
export const scriptApprovalStateSchema = z.enum(['waiting', 'denied', 'approved']);
export type ScriptApprovalState = z.output<typeof scriptApprovalStateSchema>;

/** Longest text of a script, in characters. */
export const MAX_SCRIPT_LENGTH = 200_000;
const MAX_PARAMETERS = 20;

const parameterName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'must be 1 to 64 letters, digits or _, and begin with no digit');

/** What a parameter of a run is set to. */
export const scriptParameterValueSchema = freeText(1_000);

export const scriptParameterSchema = z.strictObject({
  name: parameterName,
  description: freeText(500).default(''),
  isRequired: z.boolean().default(false),
  defaultValue: scriptParameterValueSchema.nullable().default(null),
});
export type ScriptParameter = z.output<typeof scriptParameterSchema>;

const parameters = z
  .array(scriptParameterSchema)
  .max(MAX_PARAMETERS)
  .refine(
    (all) => new Set(all.map((parameter) => parameter.name.toLowerCase())).size === all.length,
    'must not name a parameter twice',
  );
const text = freeText(MAX_SCRIPT_LENGTH).min(1).meta({ description: 'The script itself.' });

/** A script with its newest version; the text is read by itself. */
export const scriptSchema = z
  .object({
    id: z.uuid().meta({ description: "ConfigMgr's ScriptGuid." }),
    name: z.string(),
    language: scriptLanguageSchema,
    scriptVersion: z.number().int().meta({ description: 'Grows with every change of what would run.' }),
    sha256,
    length: z.number().int().meta({ description: 'Bytes of the text as UTF-8.' }),
    parameters: z.array(scriptParameterSchema),
    author: z.string().meta({ description: 'Who wrote this version.' }),
    approvalState: scriptApprovalStateSchema,
    approver: z.string().nullable().meta({ description: 'Who approved or denied this version.' }),
    decidedAt: time('When that was.').nullable(),
    comment: z.string().nullable().meta({ description: 'What they said.' }),
    version: z.number().int().meta({ description: 'Grows with every change; the ETag.' }),
    createdAt: time('When it was made.'),
    createdBy: z.string(),
    changedAt: time('When it was last changed.'),
    changedBy: z.string(),
  })
  .meta({ id: 'Script', description: 'A script that Mac clients run once a second person has approved it.' });
export type Script = z.output<typeof scriptSchema>;
export const scriptPageSchema = z.object({ items: z.array(scriptSchema), nextCursor: nextCursorSchema });

export const scriptTextSchema = z.object({
  scriptVersion: z.number().int(),
  sha256,
  text: z.string(),
});

export const newScriptBodySchema = z.strictObject({
  name,
  language: scriptLanguageSchema,
  text,
  parameters: parameters.default([]),
});
export type NewScript = z.output<typeof newScriptBodySchema>;

export const scriptChangeBodySchema = z.strictObject({
  name: name.optional(),
  language: scriptLanguageSchema.optional(),
  text: text.optional(),
  parameters: parameters.optional(),
});
export type ScriptChange = z.output<typeof scriptChangeBodySchema>;

export const scriptDecisionBodySchema = z.strictObject({
  comment: plainTextSchema
    .trim()
    .min(1)
    .max(500)
    .optional()
    .meta({ description: 'Why; shown to everybody.' }),
});

/** Most devices that one request may name. */
export const MAX_TASK_DEVICES = 500;

const deviceIds = z
  .array(z.number().int().min(1).max(2_147_483_647))
  .min(1)
  .max(MAX_TASK_DEVICES)
  .meta({ description: `Resource ids of up to ${MAX_TASK_DEVICES} devices.` });

export const runScriptBodySchema = z
  .strictObject({
    deviceIds: deviceIds.optional(),
    collectionId: collectionIdSchema.optional(),
    parameters: z.record(parameterName, scriptParameterValueSchema).default({}),
  })
  .refine(
    ({ deviceIds, collectionId }) => (deviceIds === undefined) !== (collectionId === undefined),
    'needs either deviceIds or collectionId',
  );

/** Longest CMPivot query, in bytes of UTF-8. */
const MAX_PIVOT_QUERY_BYTES = 4_096;

/** A CMPivot query as the Mac client reads it. */
export const pivotQuerySchema = freeText(MAX_PIVOT_QUERY_BYTES)
  .min(1)
  .refine(
    (query) => new TextEncoder().encode(query).length <= MAX_PIVOT_QUERY_BYTES,
    `is longer than ${MAX_PIVOT_QUERY_BYTES} bytes`,
  )
  .meta({ description: 'What to ask, as in "OS | project Caption, Version".' });

export const pivotBodySchema = z.strictObject({ query: pivotQuerySchema });
export const pivotDevicesBodySchema = z.strictObject({ query: pivotQuerySchema, deviceIds });
export const installApplicationBodySchema = z.strictObject({ deviceIds });

export const clientTaskKindSchema = z.enum(['run-script', 'cmpivot', 'install-application']);
export type ClientTaskKind = z.output<typeof clientTaskKindSchema>;

/**
 * Where a task stands. `waiting` for its device, `fetched` by it; all others are final. `requirements-not-met`: there is
 * no Mac client on the device that could do it.
 */
export const clientTaskStateSchema = z.enum([
  'waiting',
  'fetched',
  'succeeded',
  'failed',
  'expired',
  'cancelled',
  'requirements-not-met',
]);
export type ClientTaskState = z.output<typeof clientTaskStateSchema>;

/** What one request asked of Mac clients. */
export const clientOperationSchema = z
  .object({
    id: z.number().int().meta({ description: "ConfigMgr's OperationId." }),
    kind: clientTaskKindSchema,
    title: z.string(),
    collectionId: z.string().nullable().meta({ description: 'Null where devices were named.' }),
    scriptId: z.uuid().nullable(),
    scriptVersion: z.number().int().nullable(),
    sha256: sha256.nullable(),
    applicationId: z.uuid().nullable(),
    jobId: z.uuid().nullable().meta({ description: 'The job that makes the tasks of a collection.' }),
    requestedBy: z.string(),
    requestedAt: time('When it was asked for.'),
    expiresAt: time('When what no device has fetched lapses.'),
    tasks: z
      .record(clientTaskStateSchema, z.number().int())
      .meta({ description: 'Tasks by state, of the devices that you reach.' }),
  })
  .meta({ id: 'ClientOperation', description: 'What one request asked of Mac clients.' });
export type ClientOperation = z.output<typeof clientOperationSchema>;

/** What one device is to do, and what came of it. */
export const clientTaskSchema = z
  .object({
    id: z.uuid(),
    operationId: z.number().int(),
    deviceId: z.number().int(),
    deviceName: z.string(),
    state: clientTaskStateSchema,
    reason: z.string().nullable().meta({ description: 'Why it ended so, where there is more to say.' }),
    exitCode: z.number().int().nullable(),
    outputBytes: z.number().int().meta({ description: 'Bytes of output that are kept.' }),
    isTruncated: z.boolean().meta({ description: 'True where the device sent more.' }),
    createdAt: time('When it was asked for.'),
    fetchedAt: time('When its device fetched it.').nullable(),
    finishedAt: time('When it ended.').nullable(),
    expiresAt: time('When it lapses.'),
  })
  .meta({ id: 'ClientTask', description: 'What one device is to do, and what came of it.' });
export type ClientTask = z.output<typeof clientTaskSchema>;
export const clientTaskPageSchema = z.object({
  items: z.array(clientTaskSchema),
  nextCursor: nextCursorSchema,
});
export const clientTaskDetailSchema = clientTaskSchema.extend({
  output: z.string().meta({ description: 'What it printed.' }),
  rows: z.array(z.record(z.string(), z.unknown())).nullable().meta({
    description:
      'What it answered to a CMPivot query; null where it did not, or was asked for something else.',
  }),
});
export type ClientTaskDetail = z.output<typeof clientTaskDetailSchema>;
