import { HttpException } from '@nestjs/common';
import { commonErrors, isEspalierError, type EspalierError } from '@espalier/contracts';
import { httpErrors } from './http.errors.js';

/**
 * The error that a caller may see for what Nest or Fastify raised; undefined where it is nobody's doing but ours.
 * Fastify's texts (413, 415, bad JSON, bad URL) name nothing secret.
 */
export function toEspalierError(thrown: unknown): EspalierError | undefined {
  if (isEspalierError(thrown)) return thrown;
  const status = statusOf(thrown);
  if (status === undefined || status < 400 || status >= 500) return undefined;
  const detail = thrown instanceof Error ? thrown.message : undefined;
  const options = { cause: thrown, ...(detail !== undefined && { detail }) };
  if (status === 404) return httpErrors.ESP_HTTP_ROUTE_UNKNOWN();
  if (status === 413) return commonErrors.ESP_TOO_LARGE(options);
  if (status === 415) return httpErrors.ESP_HTTP_UNSUPPORTED_MEDIA_TYPE(options);
  return commonErrors.ESP_BAD_REQUEST(options);
}

function statusOf(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) return thrown.getStatus();
  const isFastifys =
    thrown instanceof Error &&
    'statusCode' in thrown &&
    'code' in thrown &&
    String(thrown.code).startsWith('FST_ERR_');
  return isFastifys ? Number(thrown.statusCode) : undefined;
}
