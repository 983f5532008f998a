import { createHash } from 'node:crypto';
import { mdmErrors, type Declaration } from '@espalier/contracts';
import {
  buildDeclaration,
  declarationKindOf,
  longestDeclarationText,
  type DeclarationKind,
  type DeclarationReference,
} from '@espalier/mdm-protocol';

/** A declaration as it is kept: immutable, under an id that says which it is. */
export interface DeclarationItem extends DeclarationReference {
  /** SHA-256 over type, identifier and server token. Not over the payload: a hash would tell a short secret. */
  readonly id: string;
  readonly type: string;
}

/** Of the set without declarations; what an enrolment has that was never given one. */
export const EMPTY_SET_ID = sha256('');

/**
 * The DeclarationsToken of a set. A device compares what it has with the manifest only where the token is another one
 * than it last took, so `mark` is new whenever it is asked to (Apple, "Integrating declarative management"). No failure
 * of a device changes it by itself.
 */
export function declarationsTokenOf(setId: string, mark: string | null): string {
  return mark === null ? setId : `${setId}-${mark}`;
}

/** A declaration to be stored. */
export interface NewDeclaration extends DeclarationItem {
  /** As devices get it; the same for the same payload, however its keys are ordered. */
  readonly body: Buffer;
}

/** All that an enrolment is to have. */
export interface DeclarationSet {
  /** Depends on what is in it and on nothing else. */
  readonly id: string;
  readonly declarations: readonly NewDeclaration[];
}

/**
 * The set of the declarations given, in whatever order.
 * @throws EspalierError ESP_MDM_DECLARATIONS_INVALID
 */
export function declarationSet(declarations: readonly Declaration[]): DeclarationSet {
  const items = declarations.map(newDeclaration).sort((a, b) => (a.id < b.id ? -1 : 1));
  const seen = new Set<string>();
  for (const { kind, identifier } of items) {
    const name = `${kind}/${identifier}`;
    if (seen.has(name)) throw invalid(`There are two of ${name}.`);
    seen.add(name);
  }
  return { id: sha256(items.map((item) => item.id).join('\n')), declarations: items };
}

function newDeclaration({ type, identifier, serverToken, payload }: Declaration): NewDeclaration {
  const kind = kindOf(type);
  for (const text of [identifier, serverToken])
    if (Buffer.byteLength(text) > longestDeclarationText)
      throw invalid(`"${text}" has more than ${longestDeclarationText} octets.`);
  const ordered = sorted(payload) as Declaration['payload'];
  return {
    id: sha256(JSON.stringify([type, identifier, serverToken])),
    kind,
    type,
    identifier,
    serverToken,
    body: buildDeclaration({ type, identifier, serverToken, payload: ordered }),
  };
}

function kindOf(type: string): DeclarationKind {
  const kind = declarationKindOf(type);
  if (kind === undefined) throw invalid(`"${type}" is no type of a declaration.`);
  return kind;
}

/** Keys in one order at every depth. Without a prototype: `__proto__` is a key like any other. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const result = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    result[key] = sorted(item);
  return result;
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function invalid(detail: string): Error {
  return mdmErrors.ESP_MDM_DECLARATIONS_INVALID({ detail });
}
