import {
  declarationKindOf,
  MdmProtocolError,
  parseDeclaration,
  parseDeclarationItems,
  parseSyncTokens,
  type DeclarationBody,
  type DeclarationReference,
} from '@espalier/mdm-protocol';

/** A document of the server that a device cannot take; the message says why. */
export class DeclarationDocumentError extends Error {
  override readonly name = 'DeclarationDocumentError';
}

/** More declarations than this are none that a server means. */
const MAX_DECLARATIONS = 10_000;

/** Octets at most of identifiers and server tokens, and of the token of all declarations (Apple). */
const NAME_OCTETS = 64;
const TOKEN_OCTETS = 256;

/** What `declaration-items` answers. */
export interface Manifest {
  readonly token: string;
  readonly items: readonly DeclarationReference[];
}

/** Reads a TokensResponse; its DeclarationsToken. @throws DeclarationDocumentError */
export function readTokens(body: Buffer): string {
  const { declarationsToken } = read(parseSyncTokens, body);
  return bounded('DeclarationsToken', declarationsToken, TOKEN_OCTETS);
}

/**
 * Reads a DeclarationItemsResponse: all four arrays must be there, and no identifier twice.
 * @throws DeclarationDocumentError
 */
export function readManifest(body: Buffer): Manifest {
  const { declarationsToken, declarations: items } = read(parseDeclarationItems, body);
  if (items.length > MAX_DECLARATIONS)
    throw new DeclarationDocumentError(`it lists more than ${MAX_DECLARATIONS} declarations`);
  const seen = new Set<string>();
  for (const item of items) {
    bounded('Identifier', item.identifier, NAME_OCTETS);
    bounded('ServerToken', item.serverToken, NAME_OCTETS);
    if (seen.has(keyOf(item))) throw new DeclarationDocumentError(`${keyOf(item)} is listed twice`);
    seen.add(keyOf(item));
  }
  return { token: bounded('DeclarationsToken', declarationsToken, TOKEN_OCTETS), items };
}

/**
 * Reads a declaration, which must be the one that was advertised.
 * @throws DeclarationDocumentError
 */
export function readDeclaration(
  body: Buffer,
  { kind, identifier, serverToken }: DeclarationReference,
): Pick<DeclarationBody, 'type' | 'payload'> {
  const found = read(parseDeclaration, body);
  if (found.identifier !== identifier)
    throw new DeclarationDocumentError(`Identifier is ${found.identifier}, advertised was ${identifier}`);
  if (found.serverToken !== serverToken)
    throw new DeclarationDocumentError(`ServerToken is ${found.serverToken}, advertised was ${serverToken}`);
  const kindFound = declarationKindOf(found.type);
  // A type of nobody's is a status of its own: Error.UnknownDeclarationType.
  if (kindFound !== undefined && kindFound !== kind)
    throw new DeclarationDocumentError(`Type ${found.type} is of ${kindFound}, advertised was ${kind}`);
  return { type: found.type, payload: found.payload };
}

/** Tells declarations apart: an activation and an asset may have the same identifier. */
export function keyOf({ kind, identifier }: Pick<DeclarationReference, 'kind' | 'identifier'>): string {
  return `${kind}/${identifier}`;
}

function bounded(key: string, text: string, octets: number): string {
  if (text === '') throw new DeclarationDocumentError(`${key} is empty`);
  if (Buffer.byteLength(text) > octets)
    throw new DeclarationDocumentError(`${key} is longer than ${octets} octets`);
  return text;
}

function read<T>(parse: (body: Buffer) => T, body: Buffer): T {
  try {
    return parse(body);
  } catch (error) {
    if (error instanceof MdmProtocolError)
      throw new DeclarationDocumentError(error.message, { cause: error });
    throw error;
  }
}
