import type { ConfigurationItemKind, LibraryKind, Platform, PolicyScope } from '@espalier/contracts';

/** What a thing is made of. */
export type MadeOf = ConfigurationItemKind | Exclude<LibraryKind, 'configuration-item'>;

/** Anything in the library, as its latest revision has it. Times are epoch milliseconds. */
export interface Thing {
  readonly id: string;
  readonly kind: LibraryKind;
  readonly madeOf: MadeOf;
  readonly number: number;
  readonly name: string;
  readonly description: string;
  /** What devices know it by; for applications, packages and baselines the unique id. */
  readonly identifier: string;
  readonly scope: PolicyScope;
  readonly platforms: readonly Platform[];
  readonly publisher: string;
  readonly softwareVersion: string;
  /** Configuration items of a baseline. */
  readonly memberCount: number;
  readonly categories: readonly string[];
  /** The latest. */
  readonly revision: number;
  /** Grows with every change. */
  readonly version: number;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly changedAt: number;
  readonly changedBy: string;
}

/** What may be shown of a revision's content, which itself may hold secrets. */
export interface RevisionFacts {
  /** Of a declaration. */
  readonly type: string | null;
  readonly signed: boolean;
  readonly payloads: readonly {
    readonly type: string;
    readonly identifier: string;
    readonly uuid: string;
    readonly displayName?: string;
  }[];
  readonly warnings: readonly string[];
}

export const noFacts: RevisionFacts = { type: null, signed: false, payloads: [], warnings: [] };

/** One revision of a thing; never changed. */
export interface Revision {
  readonly thingId: string;
  readonly revision: number;
  readonly platforms: readonly Platform[];
  /** Bytes of the content. */
  readonly size: number;
  readonly sha256: string;
  /** What a device shows once it has this revision. */
  readonly deployedVersion: string;
  readonly facts: RevisionFacts;
  readonly note: string;
  readonly createdAt: number;
  readonly createdBy: string;
}

/** A revision that is to be made. */
export interface RevisionDraft extends Pick<
  Revision,
  'platforms' | 'sha256' | 'deployedVersion' | 'facts' | 'note'
> {
  readonly content: Buffer;
}

/** A thing that is to be made, with its first revision. */
export interface ThingDraft extends Pick<
  Thing,
  'kind' | 'madeOf' | 'name' | 'description' | 'categories' | 'scope'
> {
  /** Default: the unique id. */
  readonly identifier?: string;
  readonly publisher?: string;
  readonly softwareVersion?: string;
  readonly memberCount?: number;
  readonly revision: RevisionDraft;
}

/** What a change may do to a thing besides making a new revision. */
export type ThingChange = Partial<
  Pick<Thing, 'name' | 'description' | 'categories' | 'publisher' | 'softwareVersion' | 'memberCount'>
>;

const TYPE_NAMES: Readonly<Record<LibraryKind, string>> = {
  'configuration-item': 'ConfigurationItem',
  baseline: 'Baseline',
  application: 'Application',
  package: 'Package',
};

/** As ConfigMgr makes unique ids of its models: the type, and the id. */
export const uniqueIdOf = (kind: LibraryKind, id: string): string => `${TYPE_NAMES[kind]}_${id}`;

/** Platforms as a column holds them. */
export const toPlatforms = (text: string): Platform[] => (text === '' ? [] : (text.split(' ') as Platform[]));
