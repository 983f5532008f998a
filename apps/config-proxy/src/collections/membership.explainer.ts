import {
  collectionErrors,
  resourceErrors,
  type Membership,
  type MembershipReason,
} from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import { unrestricted, type Restriction } from '../access/restrict.js';
import { kindOfResource } from './collection.rows.js';
import type { CollectionStore } from './collection.store.js';
import { loadFacts, type LoadedFacts } from './evaluation.facts.js';
import type { EvaluationPlans } from './evaluation.plans.js';
import type { PlannedCollection } from './evaluation-plan.js';
import type { EvaluationStore } from './evaluation.store.js';
import type { MemberStore } from './member.store.js';

export interface MembershipExplainerOptions {
  readonly db: Database;
  readonly collections: CollectionStore;
  readonly members: MemberStore;
  readonly store: EvaluationStore;
  readonly plans: EvaluationPlans;
  readonly now: () => Date;
}

/** Says why somebody is, or is not, in a collection: by the rules and facts as they stand now. */
export class MembershipExplainer {
  constructor(private readonly options: MembershipExplainerOptions) {}

  /** @throws EspalierError ESP_COLLECTION_UNKNOWN, ESP_RESOURCE_UNKNOWN */
  async explainMembership(collectionId: string, resourceId: number): Promise<Membership> {
    const { db, collections, store } = this.options;
    const [resource] = await collections.resourceNames(db, [resourceId]);
    if (resource === undefined) throw resourceErrors.ESP_RESOURCE_UNKNOWN({ detail: String(resourceId) });
    const plan = await this.options.plans.current(db);
    const planned = [...plan.device, ...plan.user];
    const collection = planned.find(({ id }) => id === collectionId);
    if (collection === undefined) throw collectionErrors.ESP_COLLECTION_UNKNOWN({ detail: collectionId });
    const joinedAt = await this.options.members.joinedAt(db, collectionId, resourceId);
    const facts = await loadFacts(db, store, {
      kind: kindOfResource(resourceId),
      chunk: { ids: [resourceId] },
      ordered: [collection],
      now: this.options.now().getTime(),
    });
    const names = new Map(planned.map(({ id, name }) => [id, name]));
    const reasons = await this.#reasons(collection, resourceId, facts, names);
    const isMember = joinedAt !== undefined;
    const shouldBe = reasons.every(({ kind }) => GRANTS.has(kind));
    if (isMember !== shouldBe)
      reasons.push(reason('pending', `The next evaluation will ${shouldBe ? 'add it' : 'take it out'}.`));
    return {
      collectionId,
      collectionName: collection.name,
      isMember,
      joinedAt: joinedAt ?? null,
      reasons,
    };
  }

  /** The collections that a device or user is in, with the rules that made it so. @throws ESP_RESOURCE_UNKNOWN */
  async memberships(
    resourceId: number,
    request: { readonly limit: number; readonly cursor?: string | undefined },
    within: Restriction = unrestricted,
  ): Promise<{ items: Membership[]; nextCursor?: string }> {
    const { db, members, collections } = this.options;
    const [resource] = await collections.resourceNames(db, [resourceId]);
    if (resource === undefined) throw resourceErrors.ESP_RESOURCE_UNKNOWN({ detail: String(resourceId) });
    const ids = await members.collectionsOf(db, resourceId, {
      after: request.cursor ?? '',
      limit: request.limit + 1,
      within,
    });
    const shown = ids.slice(0, request.limit);
    const items: Membership[] = [];
    for (const id of shown) items.push(await this.explainMembership(id, resourceId));
    const last = shown.at(-1);
    return { items, ...(ids.length > shown.length && last !== undefined && { nextCursor: last }) };
  }

  /** What stands in the way, or what makes it a member. */
  async #reasons(
    collection: PlannedCollection,
    resourceId: number,
    facts: LoadedFacts,
    names: ReadonlyMap<string, string>,
  ): Promise<MembershipReason[]> {
    const titleOf = (id: string): string => `${names.get(id) ?? id} (${id})`;
    const isIn = (id: string): boolean => facts.members.get(id)?.isEmpty === false;
    if (facts.active.isEmpty)
      return [reason('inactive', 'Its record is not active, so it is in no collection.')];
    if (collection.limitingId === null)
      return [reason('built-in', 'The built-in collection has every active record.')];
    const against: MembershipReason[] = [];
    if (!isIn(collection.limitingId))
      against.push({
        ...reason('limiting', `It is not in the limiting collection ${titleOf(collection.limitingId)}.`),
        collectionId: collection.limitingId,
      });
    for (const id of collection.excludes.filter(isIn))
      against.push({ ...reason('exclude', `It is excluded by ${titleOf(id)}.`), collectionId: id });
    const grants: MembershipReason[] = [];
    if (facts.direct.get(collection.id)?.isEmpty === false)
      grants.push(reason('direct', `A direct rule names ${resourceId}.`));
    for (const rule of collection.queries)
      if (!(await facts.select(collection.id, rule)).isEmpty)
        grants.push({ ...reason('query', `The query rule "${rule.name}" matches it.`), ruleId: rule.ruleId });
    for (const id of collection.includes.filter(isIn))
      grants.push({
        ...reason('include', `It is in the included collection ${titleOf(id)}.`),
        collectionId: id,
      });
    if (grants.length === 0)
      against.push(reason('no-rule', 'No rule of the collection names or matches it.'));
    return [...against, ...grants];
  }
}

/** Reasons that speak for membership. */
const GRANTS: ReadonlySet<MembershipReason['kind']> = new Set(['built-in', 'direct', 'query', 'include']);

const reason = (kind: MembershipReason['kind'], text: string): MembershipReason => ({
  kind,
  text,
  ruleId: null,
  collectionId: null,
});
