import {
  collectionDefinitionSchema,
  type CollectionDefinition,
  type NewCollectionRule,
} from '@espalier/contracts';
import { z } from 'zod';
import { refreshOf, refreshTypes } from '../../collections/collection.rows.js';
import { collectionClass } from '../classes/collection.classes.js';
import { invalid, readRule, type GivenRule } from './collection-rule.body.js';
import { numeric, readBody } from './read-body.js';
import { fromTokens } from './schedule-token.js';

/** A rule that is not direct. */
export type OtherRule = Exclude<GivenRule, { kind: 'direct' }>;

/** Direct rules, of which there may be many, and all others. */
export function sorted(rules: readonly GivenRule[]) {
  return {
    direct: rules.flatMap((rule) => (rule.kind === 'direct' ? [rule.resourceId] : [])),
    others: rules.filter((rule): rule is OtherRule => rule.kind !== 'direct'),
  };
}

/** A rule as our own services take it. @throws EspalierError ESP_ADMIN_SERVICE_REQUEST_INVALID */
export function newRule(rule: OtherRule): NewCollectionRule {
  if (rule.kind !== 'query') return rule;
  if (rule.query === undefined) throw invalid('A query rule needs QueryExpression.');
  return { kind: 'query', name: rule.name, query: rule.query };
}

const bodySchema = z.object({
  Name: z.string().optional(),
  Comment: z
    .string()
    .nullish()
    .transform((comment) => comment ?? undefined),
  CollectionType: numeric(z.literal([1, 2])).optional(),
  LimitToCollectionID: z
    .string()
    .nullish()
    .transform((id) => id ?? undefined),
  RefreshType: numeric(z.literal([1, 2, 4, 6])).optional(),
  RefreshSchedule: z.unknown().optional(),
  CollectionRules: z.array(z.unknown()).nullish(),
});

/** What of an object can be written; all else of it is ours to say. */
export function readCollection(body: Readonly<Record<string, unknown>>) {
  const { CollectionRules, RefreshSchedule, ...rest } = readBody(bodySchema, body);
  return {
    ...rest,
    ...(CollectionRules !== undefined &&
      CollectionRules !== null && { CollectionRules: CollectionRules.map(readRule) }),
    ...(RefreshSchedule !== undefined && { schedule: fromTokens(RefreshSchedule) }),
  };
}

/** Refresh and schedule belong together: a new one of either decides about the other. */
export function refreshing(
  given: ReturnType<typeof readCollection>,
  before: Pick<CollectionDefinition, 'refresh' | 'schedule'>,
): Pick<CollectionDefinition, 'refresh' | 'schedule'> {
  const schedule = given.schedule === undefined ? before.schedule : given.schedule;
  const type = given.RefreshType ?? refreshTypes[before.refresh];
  const periodic =
    (type & refreshTypes.periodic) !== 0 || (given.RefreshType === undefined && schedule !== null);
  const refresh = refreshOf(periodic ? (type === refreshTypes.manual ? 2 : type | 2) : type);
  const needed = schedule ?? (given.RefreshType === undefined ? null : EVERY_WEEK);
  return { refresh, schedule: periodic ? needed : null };
}

/** As ConfigMgr's own: scripts cannot write schedules there, and ask for a periodic refresh without one. */
const EVERY_WEEK = { kind: 'interval', minutes: 7 * 1_440 } as const;

/** @throws EspalierError ESP_ADMIN_SERVICE_REQUEST_INVALID */
export function definition(given: Readonly<Record<string, unknown>>): CollectionDefinition {
  const { name, comment, limitingId, refresh, schedule, rules, directResourceIds } = given;
  return readBody(collectionDefinitionSchema, {
    name,
    comment,
    limitingId,
    refresh,
    schedule,
    rules: (rules as readonly Record<string, unknown>[]).map(
      ({ kind, name: ruleName, query, collectionId }) =>
        kind === 'query' ? { kind, name: ruleName, query } : { kind, collectionId },
    ),
    ...(directResourceIds !== undefined && { directResourceIds }),
  });
}

const writable = new Set(Object.keys(bodySchema.shape));

/** @throws EspalierError ESP_ADMIN_SERVICE_REQUEST_INVALID naming the first property that cannot be written */
export function refuseReadOnly(body: Readonly<Record<string, unknown>>): void {
  const first = Object.keys(body).find((name) => !/^(@|__)/.test(name) && !writable.has(name));
  if (first === undefined) return;
  const isKnown = collectionClass.properties.some(({ name }) => name === first);
  throw invalid(isKnown ? `${first} cannot be written.` : `SMS_Collection has no ${first.slice(0, 64)}.`);
}
