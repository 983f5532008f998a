import {
  allPlatforms,
  commonPlatforms,
  declarationTypeSchema,
  type ApplePlatform,
} from './apple-schema/apple-schema.js';
import { limitWarnings, schemaWarnings } from './apple-schema/schema.check.js';
import { ConfigProfileError } from './config-profile.error.js';

/** A declaration as Apple spells it. */
export interface DeclarationInput {
  readonly Type: string;
  readonly Identifier: string;
  readonly Payload: Readonly<Record<string, unknown>>;
}

/** What a declaration that can be deployed is. */
export interface DeployableDeclaration {
  readonly kind: 'configuration' | 'asset';
  readonly platforms: readonly ApplePlatform[];
  /** What does not fit Apple's schema: devices may know more, or less. */
  readonly warnings: readonly string[];
}

/** Identifiers have at most 64 octets (Apple, "Declarations"). */
const MAX_IDENTIFIER_OCTETS = 64;
const TYPE = /^com\.apple\.(configuration|asset)\.[a-z0-9.-]{1,100}$/;

/**
 * Checks a configuration or an asset that is to be deployed. Activations and management declarations are made by
 * the server itself.
 *
 * @throws ConfigProfileError naming the key that is wrong
 */
export function inspectDeclaration({ Type, Identifier, Payload }: DeclarationInput): DeployableDeclaration {
  const [, kind] = TYPE.exec(Type) ?? [];
  if (kind !== 'configuration' && kind !== 'asset')
    throw new ConfigProfileError(
      'must begin with com.apple.configuration. or com.apple.asset.; activations are made by the server',
      'Type',
    );
  if (Buffer.byteLength(Identifier) > MAX_IDENTIFIER_OCTETS)
    throw new ConfigProfileError(`is longer than ${MAX_IDENTIFIER_OCTETS} bytes`, 'Identifier');
  if (Identifier.trim() === '' || !/^\P{Cc}*$/u.test(Identifier))
    throw new ConfigProfileError('must not be empty or hold control characters', 'Identifier');
  const schema = declarationTypeSchema(Type);
  if (schema === undefined)
    return { kind, platforms: allPlatforms, warnings: [`Apple's schema does not know the type ${Type}.`] };
  return {
    kind,
    platforms: commonPlatforms([schema.platforms]),
    warnings: limitWarnings(schemaWarnings(schema, Payload, 'Payload')),
  };
}
