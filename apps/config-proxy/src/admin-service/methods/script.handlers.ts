import {
  administratorErrors,
  MAX_SCRIPT_LENGTH,
  newScriptBodySchema,
  scriptDecisionBodySchema,
  type ScriptLanguage,
} from '@espalier/contracts';
import { methodResult } from '@espalier/odata';
import { z } from 'zod';
import { personOf } from '../../approvals/approval.http.js';
import type { IdempotencyService } from '../../idempotency/idempotency.service.js';
import type { ScriptService } from '../../scripts/script.service.js';
import { scriptTypes } from '../classes/script.classes.js';
import type { LazyReader, MethodHandler, WriteHandler } from '../door.js';
import { invalid } from './collection-rule.body.js';
import { readBody } from './read-body.js';
import { base64OfText, readParameters, textOfBase64, writeParameters } from './script-parameters.xml.js';

export interface ScriptHandlersOptions {
  readonly scripts: ScriptService;
  readonly idempotency: IdempotencyService;
}

/** In base64 of UTF-16 every character takes up to six. */
const MOST_BASE64 = MAX_SCRIPT_LENGTH * 6;
const createSchema = z.object({
  ScriptName: z.string(),
  Script: z.string().max(MOST_BASE64),
  ScriptType: z.coerce.number().int().default(0),
  ScriptGuid: z.guid().nullish().or(z.literal('')),
  ParamsDefinition: z.string().nullish(),
});
const decisionSchema = z.object({
  ApprovalState: z.coerce.number().int(),
  Comment: z
    .string()
    .nullish()
    .transform((comment) => (comment?.trim() ? comment : undefined)),
});
const decisions = { 1: 'denied', 3: 'approved' } as const;
const languageOf = new Map<number, ScriptLanguage>(
  Object.entries(scriptTypes).map(([language, type]) => [type, language as ScriptLanguage]),
);
/** What a script that says nothing else by its type is written in. */
const interpreters: readonly (readonly [RegExp, ScriptLanguage])[] = [
  [/^#!.*\bpwsh\b/, 'powershell'],
  [/^#!.*\bzsh\b/, 'zsh'],
  [/^#!.*\bpython[0-9.]*\b/, 'python'],
  [/^#!.*\b(ba|da|k)?sh\b/, 'shell'],
];

/** SMS_Scripts: made, decided on and deleted as scripts of ConfigMgr do (sccm.md §1.3). */
export class ScriptHandlers {
  constructor(private readonly options: ScriptHandlersOptions) {}

  get methods(): Readonly<Record<string, MethodHandler>> {
    const { scripts, idempotency } = this.options;
    return {
      'SMS_Scripts.CreateScripts': {
        scope: 'scripts:write',
        run: async ({ args, visitor: { caller, asked }, context }) => {
          if (caller.reach('scripts:write') !== 'site') throw notForLimited();
          const given = readBody(createSchema, args);
          const text = textOfBase64('Script', given.Script);
          const wanted = readBody(newScriptBodySchema, {
            name: given.ScriptName,
            language: languageFor(given.ScriptType, text),
            text,
            parameters: readParameters(given.ParamsDefinition ?? ''),
          });
          const id = given.ScriptGuid ? given.ScriptGuid.toLowerCase() : undefined;
          const request = { callerId: caller.credentialId, key: asked.key, body: { id, wanted } };
          const made = await idempotency.run(request, async (tx) => ({
            id: (await scripts.create(tx, wanted, personOf(caller), id)).id,
          }));
          return { status: 201, json: methodResult(context, { ScriptGuid: made.id.toUpperCase() }) };
        },
      },
      'SMS_Scripts.UpdateApprovalState': {
        scope: 'approvals:decide',
        run: async ({ row, args, visitor: { caller }, context }) => {
          if (caller.reach('approvals:decide') !== 'site') throw notForLimited();
          const { ApprovalState, Comment } = readBody(decisionSchema, args);
          const decision = decisions[ApprovalState as keyof typeof decisions];
          if (decision === undefined) throw invalid('ApprovalState must be 3 (approved) or 1 (denied).');
          const { comment } = readBody(scriptDecisionBodySchema, { comment: Comment });
          const id = String(row?.['ScriptGuid']).toLowerCase();
          await scripts.decide(id, decision, personOf(caller), { comment, ifMatch: undefined });
          return { status: 201, json: methodResult(context) };
        },
      },
    };
  }

  get writes(): Readonly<Record<string, WriteHandler>> {
    return {
      SMS_Scripts: {
        scope: 'scripts:write',
        remove: async (row, { caller }) => {
          if (caller.reach('scripts:write') !== 'site') throw notForLimited();
          await this.options.scripts.delete(String(row['ScriptGuid']).toLowerCase(), undefined);
        },
      },
    };
  }

  get lazy(): Readonly<Record<string, LazyReader>> {
    const whole: LazyReader = async (row, { caller }) => {
      const id = String(row['ScriptGuid']).toLowerCase();
      const { parameters } = await this.options.scripts.get(id);
      const xml = writeParameters(parameters);
      row['ParameterlistXML'] = xml;
      row['ParamsDefinition'] = base64OfText(xml);
      // As GET /api/v1/scripts/:id/text: whoever is limited to collections sees no text.
      row['Script'] =
        caller.reach('scripts:read') === 'site'
          ? base64OfText((await this.options.scripts.text(id)).text)
          : null;
    };
    return { SMS_Scripts: whole, Script: whole };
  }
}

function languageFor(type: number, text: string): ScriptLanguage {
  const language = languageOf.get(type);
  if (language === undefined)
    throw invalid(`ScriptType must be one of ${[...languageOf.keys()].join(', ')}.`);
  // ConfigMgr's own tools know no other type than PowerShell: then the first line says what it is.
  if (type !== scriptTypes.powershell) return language;
  return interpreters.find(([pattern]) => pattern.test(text))?.[1] ?? language;
}

const notForLimited = (): Error =>
  administratorErrors.ESP_AUTH_NOT_FOR_LIMITED({ detail: "Scripts are the whole site's." });
