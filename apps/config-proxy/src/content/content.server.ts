import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import {
  commonErrors,
  configProxyErrors,
  isEspalierError,
  libraryErrors,
  type EspalierError,
} from '@espalier/contracts';
import { httpErrors, PROBLEM_CONTENT_TYPE, requestIdOf, toProblem } from '@espalier/nest-kit';
import type { Logger } from '@espalier/service-kit';
import type { ContentService } from './content.service.js';
import { planFileAnswer, readFileRange, type OpenFile } from './open-file.js';
import type { PackageFolder } from './package.folder.js';

export interface ContentServerOptions {
  /** Client packages: `/packages/<name>`. */
  readonly packages: PackageFolder;
  /** Content of applications and packages: `/content/<sha256>/<file name>`. */
  readonly content: Pick<ContentService, 'openDistributed'>;
  readonly logger: Logger;
}

interface Found {
  readonly name: string;
  readonly opened: OpenFile;
  readonly cacheControl: string;
}

const PACKAGE = /^\/packages\/([^/?#]+)(?:\?.*)?$/;
const CONTENT = /^\/content\/([0-9a-f]{64})\/([^/?#]+)(?:\?.*)?$/;
/** A connection that moves no byte for so long is closed, in ms. */
const QUIET_MS = 120_000;

/**
 * The plain HTTP port that Macs fetch from: read-only, resumable, with digests (RFC 9530). Nothing on it is secret:
 * whoever knows a name may fetch it, and clients check the SHA-256 that policy, which is authenticated, tells them.
 */
export function createContentServer(options: ContentServerOptions): Server {
  const server = createServer({ requestTimeout: 30_000, keepAliveTimeout: 5_000 }, (request, response) => {
    void answer(options, request, response);
  });
  server.setTimeout(QUIET_MS);
  return server;
}

async function answer(
  options: ContentServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { logger } = options;
  const requestId = requestIdOf(request);
  response.setHeader('x-request-id', requestId);
  response.setHeader('x-content-type-options', 'nosniff');
  let opened: OpenFile | undefined;
  try {
    const found = await find(options, request, response);
    opened = found.opened;
    await send(found, request, response);
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
      .catch((error: unknown) => logger.warn({ err: error }, 'a file was not closed'));
    logger.info(
      { requestId, method: request.method, path: request.url?.slice(0, 300), status: response.statusCode },
      'content request',
    );
  }
}

async function find(
  { packages, content }: ContentServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Found> {
  const url = request.url ?? '';
  const [, packageName] = PACKAGE.exec(url) ?? [];
  const [, sha256, fileName] = CONTENT.exec(url) ?? [];
  if (packageName === undefined && sha256 === undefined) throw httpErrors.ESP_HTTP_ROUTE_UNKNOWN();
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    throw httpErrors.ESP_HTTP_METHOD_NOT_ALLOWED();
  }
  if (sha256 !== undefined) {
    const name = decoded(fileName, libraryErrors.ESP_CONTENT_UNKNOWN);
    const opened = await content.openDistributed(sha256, name);
    // Under this path there is never anything else.
    return { name, opened, cacheControl: 'public, max-age=31536000, immutable' };
  }
  const name = decoded(packageName, configProxyErrors.ESP_PACKAGE_UNKNOWN);
  return { name, opened: await packages.open(name), cacheControl: 'no-cache' };
}

function decoded(encoded: string | undefined, unknown: typeof libraryErrors.ESP_CONTENT_UNKNOWN): string {
  let name: string;
  try {
    name = decodeURIComponent(encoded ?? '');
  } catch (error) {
    throw unknown({ cause: error });
  }
  // No file has it in its name, and PostgreSQL does not take it.
  if (name.includes('\0')) throw unknown();
  return name;
}

async function send(
  { name, opened, cacheControl }: Found,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, headers, range } = planFileAnswer(name, opened, request);
  if (status === 416) {
    for (const [header, value] of Object.entries(headers)) response.setHeader(header, value);
    throw configProxyErrors.ESP_PACKAGE_RANGE({ detail: `It has ${opened.size} bytes.` });
  }
  response.writeHead(status, { ...headers, 'cache-control': cacheControl });
  if (range !== undefined) await pipeline(readFileRange(opened, range), response, { end: false });
  response.end();
}

function refuse(response: ServerResponse, error: EspalierError, requestId: string): void {
  const body = JSON.stringify(toProblem(error.toBody(), requestId));
  response
    .writeHead(error.status, {
      'content-type': PROBLEM_CONTENT_TYPE,
      'content-length': Buffer.byteLength(body),
    })
    .end(response.req.method === 'HEAD' ? undefined : body);
}
