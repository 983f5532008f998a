import type { ApiScope, RoleAssignment } from '@espalier/contracts';
import { findRole } from './role.catalogue.js';

/** Where something may be done: anywhere, or in these collections. */
export type Reach = 'site' | readonly string[];

const NOWHERE: readonly string[] = [];

/** What somebody may do, and where. */
export class Rights {
  readonly scopes: ReadonlySet<ApiScope>;
  /** True where no role holds for the whole site. */
  readonly isLimited: boolean;
  /** Collections that some scope is limited to. */
  readonly limits: readonly string[];
  readonly #reach: ReadonlyMap<ApiScope, Reach>;

  constructor(reach: ReadonlyMap<ApiScope, Reach>) {
    this.#reach = reach;
    this.scopes = new Set(reach.keys());
    this.isLimited = ![...reach.values()].includes('site');
    this.limits = [...new Set([...reach.values()].flatMap((where) => (where === 'site' ? [] : where)))];
  }

  /** Of roles; the reach of a scope that several give is all of theirs. */
  static of(assignments: readonly RoleAssignment[]): Rights {
    const reach = new Map<ApiScope, Reach>();
    for (const { roleId, collectionIds } of assignments)
      for (const scope of findRole(roleId)?.scopes ?? [])
        reach.set(scope, joined(reach.get(scope) ?? NOWHERE, collectionIds ?? 'site'));
    return new Rights(reach);
  }

  /** The part of these rights that a token with these scopes has. */
  within(scopes: readonly ApiScope[]): Rights {
    return new Rights(
      new Map(scopes.filter((scope) => this.scopes.has(scope)).map((scope) => [scope, this.reach(scope)])),
    );
  }

  /** Nowhere where the scope is not held. */
  reach(scope: ApiScope): Reach {
    return this.#reach.get(scope) ?? NOWHERE;
  }

  /** Where anything at all may be done: for endpoints that need no scope. */
  get anywhere(): Reach {
    return this.isLimited ? this.limits : 'site';
  }

  /** Those that are not held for the whole site. */
  lacking(scopes: Iterable<ApiScope>): ApiScope[] {
    return [...scopes].filter((scope) => this.reach(scope) !== 'site');
  }
}

const joined = (a: Reach, b: Reach): Reach =>
  a === 'site' || b === 'site' ? 'site' : [...new Set([...a, ...b])];
