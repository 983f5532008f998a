import { adminServiceErrors } from '@espalier/contracts';
import { z } from 'zod';

/** A rule as AdminService writes one. */
export type GivenRule =
  | { readonly kind: 'direct'; readonly resourceId: number }
  | { readonly kind: 'query'; readonly name: string; readonly query: string | undefined }
  | { readonly kind: 'include' | 'exclude'; readonly collectionId: string };

const ruleSchema = z.object({
  '@odata.type': z.string().optional(),
  RuleName: z.string().optional(),
  ResourceID: z.coerce.number().int().optional(),
  ResourceClassName: z.string().optional(),
  QueryExpression: z.string().optional(),
  IncludeCollectionID: z.string().optional(),
  ExcludeCollectionID: z.string().optional(),
});

/** `#AdminService.SMS_CollectionRuleDirect`, also without `#` or the name space. */
const TYPE = /(?:^|[#.])SMS_CollectionRule(Direct|Query|IncludeCollection|ExcludeCollection)$/i;

/** @throws EspalierError ESP_ADMIN_SERVICE_REQUEST_INVALID saying what is missing */
export function readRule(value: unknown): GivenRule {
  const parsed = ruleSchema.safeParse(value);
  if (!parsed.success) throw invalid('A rule is an object such as SMS_CollectionRuleDirect.');
  const rule = parsed.data;
  const type = TYPE.exec(rule['@odata.type'] ?? '')?.[1]?.toLowerCase() ?? guessType(rule);
  switch (type) {
    case 'direct':
      if (rule.ResourceID === undefined) throw invalid('A direct rule needs ResourceID.');
      return { kind: 'direct', resourceId: rule.ResourceID };
    case 'query':
      if (rule.RuleName === undefined) throw invalid('A query rule needs RuleName.');
      return { kind: 'query', name: rule.RuleName, query: rule.QueryExpression };
    case 'includecollection':
      if (rule.IncludeCollectionID === undefined) throw invalid('An include rule needs IncludeCollectionID.');
      return { kind: 'include', collectionId: rule.IncludeCollectionID };
    case 'excludecollection':
      if (rule.ExcludeCollectionID === undefined) throw invalid('An exclude rule needs ExcludeCollectionID.');
      return { kind: 'exclude', collectionId: rule.ExcludeCollectionID };
    default:
      throw invalid(
        '@odata.type of a rule is #AdminService.SMS_CollectionRuleDirect, …Query, …IncludeCollection or …ExcludeCollection.',
      );
  }
}

/** Rules that say of which type they are by what they have: as they are read back. */
function guessType(rule: z.output<typeof ruleSchema>): string | undefined {
  if (rule.QueryExpression !== undefined) return 'query';
  if (rule.IncludeCollectionID !== undefined) return 'includecollection';
  if (rule.ExcludeCollectionID !== undefined) return 'excludecollection';
  return rule.ResourceID === undefined ? undefined : 'direct';
}

/** More would not fit into a body. */
const MOST_RULES = 10_000;

/**
 * The rules of a call: `collectionRule` or `collectionRules`, one or several, whichever name a script uses for which.
 * @throws EspalierError ESP_ADMIN_SERVICE_REQUEST_INVALID
 */
export function readRules(args: Readonly<Record<string, unknown>>): GivenRule[] {
  const given = Object.entries(args).find(([name]) => /^collectionrules?$/i.test(name))?.[1];
  if (given === undefined) throw invalid('The body needs collectionRule.');
  const rules: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (rules.length === 0 || rules.length > MOST_RULES)
    throw invalid(`A call takes 1 to ${MOST_RULES.toLocaleString('en')} rules.`);
  return rules.map(readRule);
}

export const invalid = (detail: string): Error =>
  adminServiceErrors.ESP_ADMIN_SERVICE_REQUEST_INVALID({ detail });
