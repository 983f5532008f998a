import type { IncomingMessage } from 'node:http';
import {
  checkTarget,
  isWithinPrefix,
  rebuildRequestHeaders,
  type RebuiltRequest,
  type Target,
} from '@espalier/link';
import { deviceErrors } from '../device-errors/device-errors.js';
import type { LinkRegistry, RouteEntry } from '../links/link-registry.js';

/** A request that may go on to the inside. */
export interface AdmittedRequest {
  readonly entry: RouteEntry;
  readonly target: Target;
  readonly rebuilt: RebuiltRequest;
}

/**
 * Checks a request against everything that can be told from its head.
 * @param permitted prefixes that some peer may serve, whether or not it is connected
 * @throws EspalierError of device-errors; LinkError TARGET or HEADERS
 */
export function admit(
  request: IncomingMessage,
  registry: LinkRegistry,
  permitted: readonly string[],
): AdmittedRequest {
  // An answer to HTTP/1.0 may end with the connection alone, and then a cut one looks whole.
  if (request.httpVersion !== '1.1') throw deviceErrors.ESP_DMZ_VERSION();
  const method = request.method ?? '';
  const target = checkTarget(request.url ?? '');
  const rebuilt = rebuildRequestHeaders(request.rawHeaders);
  const match = registry.match(method, target.path);
  if (match.kind === 'route') return { entry: match.route, target, rebuilt };
  if (match.kind === 'methods')
    throw deviceErrors.ESP_DMZ_METHOD({ detail: `Use ${match.methods.join(', ')}.` });
  // Nobody who could serve this was ever connected: that is not the device's mistake.
  const owner = permitted.find((prefix) => isWithinPrefix(target.path, prefix));
  if (owner !== undefined && !registry.serves(owner)) throw deviceErrors.ESP_DMZ_NO_LINK();
  throw deviceErrors.ESP_DMZ_NOT_FOUND();
}
