import type {
  Application,
  Baseline,
  ConfigurationItem,
  ConfigurationItemKind,
  ConfigurationItemRevision,
} from '@espalier/contracts';
import type { Page } from '@espalier/persistence';
import { uniqueIdOf, type Revision, type Thing } from './thing.js';

const common = (thing: Thing) => ({
  id: thing.id,
  number: thing.number,
  uniqueId: uniqueIdOf(thing.kind, thing.id),
  name: thing.name,
  description: thing.description,
  categories: [...thing.categories],
  revision: thing.revision,
  version: thing.version,
  createdAt: thing.createdAt,
  createdBy: thing.createdBy,
  changedAt: thing.changedAt,
  changedBy: thing.changedBy,
});

export const itemView = (thing: Thing): ConfigurationItem => ({
  ...common(thing),
  kind: thing.madeOf as ConfigurationItemKind,
  identifier: thing.identifier,
  scope: thing.scope,
  platforms: [...thing.platforms],
});

export const baselineView = (thing: Thing): Baseline => ({
  ...common(thing),
  memberCount: thing.memberCount,
});

/** Of an application or a package. */
export const softwareView = (thing: Thing): Application => ({
  ...common(thing),
  publisher: thing.publisher,
  softwareVersion: thing.softwareVersion,
  platforms: [...thing.platforms],
});

/** What all revisions show. */
export const revisionHead = ({ revision, createdAt, createdBy, note }: Revision) => ({
  revision,
  createdAt,
  createdBy,
  note,
});

export const itemRevisionView = (revision: Revision): ConfigurationItemRevision => ({
  ...revisionHead(revision),
  platforms: [...revision.platforms],
  size: revision.size,
  sha256: revision.sha256,
  deployedVersion: revision.deployedVersion,
  type: revision.facts.type,
  signed: revision.facts.signed,
  payloads: [...revision.facts.payloads],
  warnings: [...revision.facts.warnings],
});

/** A page as the API answers with it. */
export const pageView = <T, V>(
  { rows, next }: Page<T>,
  view: (row: T) => V,
): { items: V[]; nextCursor?: string } => ({
  items: rows.map(view),
  ...(next !== undefined && { nextCursor: next }),
});
