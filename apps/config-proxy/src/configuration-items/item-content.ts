import { createHash } from 'node:crypto';
import {
  libraryErrors,
  type ConfigurationItemContent,
  type ConfigurationItemKind,
  type DeclarationContent,
  type PolicyScope,
  type ScriptContent,
} from '@espalier/contracts';
import { ConfigProfileError, inspectDeclaration, inspectProfile } from '@espalier/config-profile';
import { noFacts, type RevisionDraft } from '../library/thing.js';

/** Largest profile, in bytes. */
export const MAX_PROFILE_BYTES = 512 * 1_024;
/** Largest payload of a declaration, in bytes of its JSON. */
export const MAX_DECLARATION_BYTES = 64 * 1_024;

/** What content is, whatever configuration item it is for. */
export interface ItemContent extends Omit<RevisionDraft, 'note'> {
  readonly kind: ConfigurationItemKind;
  /** Undefined for a script, which has none of its own. */
  readonly identifier: string | undefined;
  /** Undefined where the content does not say. */
  readonly scope: PolicyScope | undefined;
  readonly displayName: string | undefined;
}

/**
 * Reads content and checks all that can be checked without knowing what it is for.
 * @throws EspalierError ESP_LIBRARY_PROFILE_INVALID, ESP_LIBRARY_DECLARATION_INVALID, ESP_LIBRARY_TOO_LARGE
 */
export function readItemContent(content: ConfigurationItemContent): ItemContent {
  switch (content.kind) {
    case 'profile':
      return readProfileContent(Buffer.from(content.profile, 'base64'));
    case 'declaration':
      return readDeclarationContent(content.declaration);
    case 'script':
      return readScriptContent(content.script);
  }
}

/** @throws EspalierError ESP_LIBRARY_PROFILE_INVALID, ESP_LIBRARY_TOO_LARGE */
export function readProfileContent(bytes: Buffer): ItemContent {
  refuseLarger(bytes.length, MAX_PROFILE_BYTES, 'A profile');
  const profile = orRefuse(libraryErrors.ESP_LIBRARY_PROFILE_INVALID, () => inspectProfile(bytes));
  const scope = profile.scope === undefined ? undefined : profile.scope === 'User' ? 'user' : 'system';
  return {
    kind: 'profile',
    identifier: profile.identifier,
    scope,
    displayName: profile.displayName,
    platforms: profile.platforms,
    content: bytes,
    sha256: sha256(bytes),
    deployedVersion: profile.deployedUuid,
    facts: {
      type: null,
      signed: profile.signature !== undefined,
      payloads: profile.payloads,
      warnings: profile.warnings,
    },
  };
}

function readDeclarationContent({ Type, Identifier, Payload }: DeclarationContent): ItemContent {
  refuseLarger(
    Buffer.byteLength(JSON.stringify(Payload)),
    MAX_DECLARATION_BYTES,
    'The payload of a declaration',
  );
  const declaration = { Type, Identifier, Payload };
  const { platforms, warnings } = orRefuse(libraryErrors.ESP_LIBRARY_DECLARATION_INVALID, () =>
    inspectDeclaration(declaration),
  );
  const content = Buffer.from(JSON.stringify(declaration));
  return {
    kind: 'declaration',
    identifier: Identifier,
    scope: undefined,
    displayName: undefined,
    platforms,
    content,
    sha256: sha256(content),
    deployedVersion: sha256(content),
    facts: { ...noFacts, type: Type, warnings },
  };
}

function readScriptContent(script: ScriptContent): ItemContent {
  const content = Buffer.from(JSON.stringify(script));
  refuseLarger(content.length, MAX_PROFILE_BYTES, 'A script');
  return {
    kind: 'script',
    identifier: undefined,
    scope: 'system',
    displayName: undefined,
    platforms: ['mac'],
    content,
    sha256: sha256(content),
    deployedVersion: sha256(content),
    facts: noFacts,
  };
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function refuseLarger(size: number, limit: number, what: string): void {
  if (size > limit)
    throw libraryErrors.ESP_LIBRARY_TOO_LARGE({ detail: `${what} may have ${limit} bytes; it has ${size}.` });
}

/** Its errors name keys, never values. */
function orRefuse<T>(refusal: typeof libraryErrors.ESP_LIBRARY_PROFILE_INVALID, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigProfileError)) throw error;
    throw refusal({ detail: `${error.message.slice(0, 500)}.`, cause: error });
  }
}
