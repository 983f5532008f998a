import { STATUS_CODES } from 'node:http';
import type { z } from 'zod';
import { statusOf, type DeclaredEndpoint, type EndpointSpec } from '../endpoint/endpoint.js';
import { PROBLEM_CONTENT_TYPE, problemSchema } from '../errors/problem.js';
import { SchemaCollector, type JsonSchema } from './json-schema.js';

export interface OpenApiOptions {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly endpoints: readonly DeclaredEndpoint[];
  /** Scope to what it allows. */
  readonly scopes: Readonly<Record<string, string>>;
}

/** An OpenAPI 3.1 document. */
export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: Readonly<Record<string, string>>;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface Operation {
  readonly operationId: string;
  readonly [key: string]: unknown;
}

const SCHEME = 'apiToken';
const PROBLEM = { $ref: '#/components/responses/Problem' } as const;

/** Writes the documentation of endpoints from what they declare. Throws where two are the same. */
export function buildOpenApi(options: OpenApiOptions): OpenApiDocument {
  const schemas = new SchemaCollector();
  const paths: Record<string, Record<string, Operation>> = {};
  const ids = new Set<string>();
  for (const { spec, operationId } of options.endpoints) {
    const path = (paths[spec.path.replaceAll(/:([A-Za-z]+)/g, '{$1}')] ??= {});
    const method = spec.method.toLowerCase();
    if (path[method] !== undefined || ids.has(operationId))
      throw new Error(`${spec.method} ${spec.path} (${operationId}) is declared twice`);
    ids.add(operationId);
    path[method] = operation(spec, operationId, schemas);
  }
  const problem = schemas.schema(problemSchema, 'output');
  return {
    openapi: '3.1.1',
    info: { title: options.title, version: options.version, description: describe(options) },
    paths,
    components: {
      schemas: schemas.components(),
      responses: {
        Problem: {
          description: 'It did not work: RFC 9457 problem details.',
          content: { [PROBLEM_CONTENT_TYPE]: { schema: problem } },
        },
      },
      securitySchemes: { [SCHEME]: { type: 'http', scheme: 'bearer', bearerFormat: 'API token' } },
    },
  };
}

function describe({ description, scopes }: OpenApiOptions): string {
  const list = Object.entries(scopes).map(([scope, text]) => `- \`${scope}\`: ${text}`);
  return [description, '', 'Scopes of API tokens:', '', ...list].join('\n');
}

function operation(spec: EndpointSpec, operationId: string, schemas: SchemaCollector): Operation {
  const parameters = [
    ...parametersOf('path', spec.params, schemas),
    ...parametersOf('query', spec.query, schemas),
    ...parametersOf('header', spec.headers, schemas),
  ];
  const isPublic = spec.scope === 'public';
  return {
    operationId,
    summary: spec.summary,
    ...(spec.description !== undefined && { description: spec.description }),
    ...(spec.tag !== undefined && { tags: [spec.tag] }),
    security: isPublic ? [] : [{ [SCHEME]: spec.scope === 'any' ? [] : [spec.scope] }],
    ...(parameters.length > 0 && { parameters }),
    ...(spec.body !== undefined && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: schemas.schema(spec.body, 'input') } },
      },
    }),
    ...(spec.streams !== undefined && {
      requestBody: {
        required: true,
        content: Object.fromEntries(
          spec.streams.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]),
        ),
      },
    }),
    responses: {
      [statusOf(spec)]: response(spec, schemas),
      ...(!isPublic && { '401': PROBLEM, ...(spec.scope !== 'any' && { '403': PROBLEM }) }),
      default: PROBLEM,
    },
  };
}

function response(spec: EndpointSpec, schemas: SchemaCollector): JsonSchema {
  const status = statusOf(spec);
  const description = STATUS_CODES[status] ?? 'It worked.';
  const headers = Object.entries(spec.responseHeaders ?? {}).map(([name, text]) => [
    name,
    { description: text, schema: { type: 'string' } },
  ]);
  const schema = spec.response === undefined ? undefined : schemas.schema(spec.response, 'output');
  const type = spec.contentType ?? (schema === undefined ? undefined : 'application/json');
  return {
    description,
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) as Record<string, unknown> }),
    ...(type !== undefined && {
      content: {
        [type]: {
          schema: schema ?? { type: 'string' },
          ...(spec.example !== undefined && { example: spec.example }),
        },
      },
    }),
  };
}

function parametersOf(
  place: 'path' | 'query' | 'header',
  type: z.ZodObject | undefined,
  schemas: SchemaCollector,
): JsonSchema[] {
  if (type === undefined) return [];
  const whole = schemas.schema(type, 'input');
  const required = (whole['required'] ?? []) as readonly string[];
  return Object.entries(whole['properties'] as Record<string, JsonSchema>).map(([name, property]) => {
    const { description, ...schema } = property;
    return {
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      ...(description !== undefined && { description }),
      schema,
    };
  });
}
