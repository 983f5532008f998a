import { MdmProtocolError } from '../mdm-protocol.error.js';
import { declarationKinds, type DeclarationKind } from './declaration.js';

/** What a DeclarativeManagement message asks for. */
export type DeclarativeEndpoint =
  | { readonly name: 'tokens' | 'declaration-items' | 'status' }
  | { readonly name: 'declaration'; readonly kind: DeclarationKind; readonly identifier: string };

/**
 * Reads `Endpoint`. The identifier is what follows the second slash, with slashes of its own.
 *
 * @throws MdmProtocolError for an endpoint that Apple does not name
 */
export function parseEndpoint(endpoint: string): DeclarativeEndpoint {
  if (endpoint === 'tokens' || endpoint === 'declaration-items' || endpoint === 'status')
    return { name: endpoint };
  const [, spelt, identifier] = /^declaration\/([a-z]+)\/(.+)$/su.exec(endpoint) ?? [];
  const kind = declarationKinds.find((known) => known === spelt);
  if (kind === undefined || identifier === undefined)
    throw new MdmProtocolError('is not an endpoint that is known', 'Endpoint');
  return { name: 'declaration', kind, identifier };
}

/** The inverse of {@link parseEndpoint}. */
export function formatEndpoint(endpoint: DeclarativeEndpoint): string {
  return endpoint.name === 'declaration'
    ? `declaration/${endpoint.kind}/${endpoint.identifier}`
    : endpoint.name;
}
