import type { getPolicyContent, LibraryThing, PolicyItem } from '@espalier/contracts';
import type { Tx } from '@espalier/persistence';
import type { z } from 'zod';

/** A thing as a deployment deploys it. */
export interface ResolvedThing {
  readonly id: string;
  /** The revision that was asked for, or the latest. */
  readonly revision: number;
  readonly displayName: string;
  /** One for each configuration item of a baseline, in its order; one for everything else. */
  readonly items: PolicyItem[];
}

/** Which thing, at which revision; the latest without one. */
export interface ThingReference extends LibraryThing {
  readonly revision?: number | undefined;
}

/** What get-policy-content answers. */
export type PolicyContent = z.output<(typeof getPolicyContent)['response']>['content'];

/** Hears what changed in the library, in the transaction of the change. */
export interface LibraryListener {
  /**
   * `things` may resolve to something else from now on: what was changed itself, and every baseline of which some
   * revision holds it at its latest. Gives the collections whose devices get something else by it.
   */
  changed(tx: Tx, things: readonly LibraryThing[]): Promise<readonly string[]>;
}

/** Knows what is deployed. */
export interface DeploymentReferences {
  /** Deployments of the thing, at whatever revision. */
  of(tx: Tx, thing: LibraryThing): Promise<readonly { readonly id: string; readonly name: string }[]>;
}

/** Gives out numbers that are never given twice. */
export interface NumberSource {
  /** The first of `count` numbers in a row. */
  take(tx: Tx, series: 'configuration-item', count: number): Promise<number>;
}
