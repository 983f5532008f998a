import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { commonErrors, configProxyErrors, isEspalierError, type EspalierError } from '@espalier/contracts';
import { httpErrors, PROBLEM_CONTENT_TYPE, requestIdOf, toProblem } from '@espalier/nest-kit';
import type { Logger } from '@espalier/service-kit';
import { parseRange } from './byte-range.js';
import { contentTypeOf } from './content-type.js';
import type { OpenPackage, PackageFolder } from './package.folder.js';

const PATH = /^\/packages\/([^/?#]+)(?:\?.*)?$/;
/** A connection that moves no byte for so long is closed, in ms. */
const QUIET_MS = 120_000;

/** The plain HTTP port that Macs fetch client packages from: read-only, resumable, with digests (RFC 9530). */
export function createPackageServer(folder: PackageFolder, logger: Logger): Server {
  const server = createServer({ requestTimeout: 30_000, keepAliveTimeout: 5_000 }, (request, response) => {
    void answer(folder, logger, request, response);
  });
  server.setTimeout(QUIET_MS);
  return server;
}

async function answer(
  folder: PackageFolder,
  logger: Logger,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = requestIdOf(request);
  response.setHeader('x-request-id', requestId);
  response.setHeader('x-content-type-options', 'nosniff');
  let opened: OpenPackage | undefined;
  try {
    const name = nameOf(request, response);
    opened = await folder.open(name);
    await sendPackage(name, opened, request, response);
  } catch (error) {
    if (response.headersSent || response.destroyed) {
      // A part must not look like the whole.
      logger.debug({ err: error, requestId }, 'a download ended early');
      response.destroy();
    } else {
      const known = isEspalierError(error) ? error : commonErrors.ESP_INTERNAL({ cause: error });
      logger[known.level]({ err: known, requestId, code: known.code }, 'a download was refused');
      refuse(response, known, requestId);
    }
  } finally {
    await opened?.file
      .close()
      .catch((error: unknown) => logger.warn({ err: error }, 'a package was not closed'));
    logger.info(
      { requestId, method: request.method, path: request.url?.slice(0, 300), status: response.statusCode },
      'package request',
    );
  }
}

function nameOf(request: IncomingMessage, response: ServerResponse): string {
  const [, encoded] = PATH.exec(request.url ?? '') ?? [];
  if (encoded === undefined) throw httpErrors.ESP_HTTP_ROUTE_UNKNOWN();
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    throw httpErrors.ESP_HTTP_METHOD_NOT_ALLOWED();
  }
  try {
    return decodeURIComponent(encoded);
  } catch (error) {
    throw configProxyErrors.ESP_PACKAGE_UNKNOWN({ cause: error });
  }
}

async function sendPackage(
  name: string,
  { file, size, modifiedAt, digest }: OpenPackage,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const etag = `"${digest.toString('base64url')}"`;
  response.setHeader('etag', etag);
  response.setHeader('accept-ranges', 'bytes');
  response.setHeader('cache-control', 'no-cache');
  if (matches(request.headers['if-none-match'], etag)) {
    response.writeHead(304).end();
    return;
  }
  // If-Range with anything but this very version means: the whole, please (RFC 9110 §13.1.5).
  const ifRange = request.headers['if-range'];
  const mayRange = request.method === 'GET' && (ifRange === undefined || ifRange === etag);
  const range = mayRange ? parseRange(request.headers.range, size) : undefined;
  if (range === 'unsatisfiable') {
    response.setHeader('content-range', `bytes */${size}`);
    throw configProxyErrors.ESP_PACKAGE_RANGE({ detail: `It has ${size} bytes.` });
  }
  const { first, last } = range ?? { first: 0, last: size - 1 };
  response.writeHead(range === undefined ? 200 : 206, {
    'content-type': contentTypeOf(name),
    'content-length': last - first + 1,
    'last-modified': modifiedAt.toUTCString(),
    'repr-digest': `sha-256=:${digest.toString('base64')}:`,
    ...(range !== undefined && { 'content-range': `bytes ${first}-${last}/${size}` }),
  });
  if (request.method === 'HEAD' || size === 0) {
    response.end();
    return;
  }
  const bytes = file.createReadStream({
    start: first,
    end: last,
    autoClose: false,
    highWaterMark: 256 * 1024,
  });
  await pipeline(bytes, response, { end: false });
  if (bytes.bytesRead !== last - first + 1) throw new Error('the package became shorter while it was sent');
  response.end();
}

/** If-None-Match compares weakly (RFC 9110 §13.1.2). */
const matches = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  header.split(',').some((candidate) => ['*', etag].includes(candidate.trim().replace(/^W\//, '')));

function refuse(response: ServerResponse, error: EspalierError, requestId: string): void {
  const body = JSON.stringify(toProblem(error.toBody(), requestId));
  response.removeHeader('etag');
  response
    .writeHead(error.status, {
      'content-type': PROBLEM_CONTENT_TYPE,
      'content-length': Buffer.byteLength(body),
    })
    .end(response.req.method === 'HEAD' ? undefined : body);
}
