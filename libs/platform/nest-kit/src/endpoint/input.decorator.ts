import { createParamDecorator } from '@nestjs/common';
import { commonErrors } from '@espalier/contracts';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { EndpointRouteConfig } from './endpoint.js';
import { issueWords } from './issue-words.js';
import { isTooDeep, MAX_JSON_DEPTH } from './json-depth.js';

/**
 * Gives a handler the parts of the request that its endpoint declares, checked and converted.
 * @throws EspalierError ESP_BAD_REQUEST naming every field that is wrong
 */
export const Input = createParamDecorator((_data: unknown, context): unknown =>
  readInput(context.switchToHttp().getRequest<FastifyRequest>()),
);

const nothing: Readonly<Record<string, never>> = Object.freeze({});

function readInput(request: FastifyRequest): unknown {
  const { endpoint } = request.routeOptions.config as EndpointRouteConfig;
  if (endpoint === undefined) throw new Error('@Input() belongs to a method with @Endpoint()');
  const fields: Record<string, string> = {};
  const read = (schema: z.ZodType | undefined, value: unknown): unknown => {
    if (schema === undefined) return nothing;
    const result = schema.safeParse(value, { error: issueWords });
    if (result.success) return result.data;
    Object.assign(fields, fieldsOf(result.error));
    return nothing;
  };
  if (endpoint.body !== undefined && isTooDeep(request.body))
    throw commonErrors.ESP_BAD_REQUEST({
      detail: `The body is nested deeper than ${MAX_JSON_DEPTH} levels.`,
    });
  const input = {
    params: read(endpoint.params, request.params),
    query: read(endpoint.query, request.query),
    headers: read(endpoint.headers, request.headers),
    body: read(endpoint.body, request.body ?? {}),
  };
  const wrong = Object.entries(fields).map(([name, what]) => `${name} ${what}.`);
  if (wrong.length === 0) return input;
  throw commonErrors.ESP_BAD_REQUEST({ detail: wrong.slice(0, MAX_TOLD).join(' '), fields });
}

/** Those that the detail names in words. */
const MAX_TOLD = 10;
/** More would only be an attacker's. */
const MAX_FIELDS = 50;

/** Field (path with dots) to what is wrong with it; keys that nobody knows are named one by one. */
export function fieldsOf(error: z.ZodError): Record<string, string> {
  const entries = error.issues.flatMap((issue): [string, string][] => {
    const path = issue.path.map(String);
    if (issue.code !== 'unrecognized_keys') return [[path.join('.') || '(all)', issue.message]];
    return issue.keys.map((key) => [[...path, key].join('.'), 'is not known here']);
  });
  return Object.fromEntries(
    entries.slice(0, MAX_FIELDS).map(([name, text]) => [name.slice(0, 200), text.slice(0, 500)]),
  );
}
