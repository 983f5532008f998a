import {
  applicationChangeSchema,
  baselineChangeSchema,
  collectionDefinitionSchema,
  collectionIdSchema,
  configurationItemChangeSchema,
  deploymentChangeBodySchema,
  newCollectionRuleSchema,
  newDeploymentBodySchema,
  packageChangeSchema,
  type ApiScope,
  type ApprovalTarget,
} from '@espalier/contracts';
import { z } from 'zod';

/** What stood when a change was asked for; missing where an earlier version kept it. */
const stood = {
  stood: z
    .object({
      /** As JSON. */
      seen: z.string(),
      devices: z.number().int(),
    })
    .optional(),
};
const inCollection = { collectionId: collectionIdSchema, ...stood };
const ofDeployment = { ...inCollection, deploymentId: z.uuid() };
const ofThing = { thingId: z.uuid(), ...stood };
const resourceIds = z.array(z.number().int());

/** Everything that can reach many devices at once, as it is kept until it is approved. */
export const changeParamsSchema = z.discriminatedUnion('what', [
  z.object({ what: z.literal('create'), ...inCollection, wanted: newDeploymentBodySchema }),
  z.object({ what: z.literal('change'), ...ofDeployment, change: deploymentChangeBodySchema }),
  z.object({ what: z.literal('delete'), ...ofDeployment }),
  z.object({ what: z.literal('define'), ...inCollection, definition: collectionDefinitionSchema }),
  z.object({
    what: z.literal('edit'),
    ...inCollection,
    add: z.array(newCollectionRuleSchema).optional(),
    remove: resourceIds.optional(),
    addDirect: resourceIds.optional(),
    removeDirect: resourceIds.optional(),
  }),
  z.object({ what: z.literal('configuration-item'), ...ofThing, change: configurationItemChangeSchema }),
  z.object({ what: z.literal('baseline'), ...ofThing, change: baselineChangeSchema }),
  z.object({ what: z.literal('application'), ...ofThing, change: applicationChangeSchema }),
  z.object({ what: z.literal('package'), ...ofThing, change: packageChangeSchema }),
]);
export type ChangeParams = z.output<typeof changeParamsSchema>;

const summaries: Readonly<Record<ChangeParams['what'], string>> = {
  create: 'Deploy something',
  change: 'Change a deployment',
  delete: 'End a deployment',
  define: 'Change a collection that something is deployed to',
  edit: 'Change a collection that something is deployed to',
  'configuration-item': 'Change a configuration item that is deployed',
  baseline: 'Change a baseline that is deployed',
  application: 'Change an application that is deployed',
  package: 'Change a package that is deployed',
};

/** Without the names that only the database knows. */
export const summaryOf = ({ what }: ChangeParams): string => `${summaries[what]}.`;

/** What the change is about: who may do it there is asked again when it is approved. */
export function targetsOf(params: ChangeParams): ApprovalTarget[] {
  if ('thingId' in params) return [{ type: 'thing', id: params.thingId }];
  const collections = new Set([params.collectionId]);
  if (params.what === 'define') collections.add(params.definition.limitingId);
  for (const rule of rulesOf(params)) if (rule.kind !== 'query') collections.add(rule.collectionId);
  const targets: ApprovalTarget[] = [...collections].map((id) => ({ type: 'collection', id }));
  return 'deploymentId' in params ? [...targets, { type: 'deployment', id: params.deploymentId }] : targets;
}

function rulesOf(params: ChangeParams): readonly z.output<typeof newCollectionRuleSchema>[] {
  if (params.what === 'define') return params.definition.rules;
  return params.what === 'edit' ? (params.add ?? []) : [];
}

export function scopesOf(params: ChangeParams): readonly ApiScope[] {
  if ('thingId' in params) return ['library:write'];
  return params.what === 'define' || params.what === 'edit' ? ['collections:write'] : ['deployments:write'];
}
