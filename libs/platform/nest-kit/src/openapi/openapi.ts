import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { statusOf, type DeclaredEndpoint, type EndpointSpec } from '../endpoint/endpoint.js';
import { PROBLEM_CONTENT_TYPE, problemSchema } from '../errors/problem.js';
import { ExampleMaker, type ExampleWords } from './example.js';
import { SchemaCollector, type JsonSchema } from './json-schema.js';

export interface OpenApiOptions {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly endpoints: readonly DeclaredEndpoint[];
  /** Scope to what it allows. */
  readonly scopes: Readonly<Record<string, string>>;
  /** Answers that endpoints may give instead of their own. */
  readonly insteads?: readonly InsteadAnswer[];
  /** For examples. */
  readonly words?: ExampleWords;
}

/**
 * An answer with a status of its own that an endpoint may give instead: where its response is a union with this schema
 * or, for one that answers nothing otherwise, this schema or undefined.
 */
export interface InsteadAnswer {
  readonly schema: z.ZodType;
  readonly status: number;
  readonly description: string;
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
    path[method] = operation(spec, operationId, { schemas, insteads: options.insteads ?? [] });
  }
  const problem = schemas.schema(problemSchema, 'output');
  const examples = new ExampleMaker(schemas.components(), options.words ?? { names: {} });
  for (const operations of Object.values(paths))
    for (const item of Object.values(operations)) addExamples(item, examples);
  return {
    openapi: '3.1.1',
    info: { title: options.title, version: options.version, description: describe(options) },
    paths,
    components: {
      schemas: schemas.components(),
      responses: {
        Problem: {
          description: 'It did not work: RFC 9457 problem details.',
          content: { [PROBLEM_CONTENT_TYPE]: { schema: problem, example: examples.of(problem) } },
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

interface Parts {
  readonly schemas: SchemaCollector;
  readonly insteads: readonly InsteadAnswer[];
}

function operation(spec: EndpointSpec, operationId: string, parts: Parts): Operation {
  const { schemas } = parts;
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
        content: {
          'application/json': {
            schema: schemas.schema(spec.body, 'input'),
            ...(spec.example !== undefined && { example: spec.example }),
          },
        },
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
      ...answers(spec, parts),
      ...(!isPublic && { '401': PROBLEM, ...(spec.scope !== 'any' && { '403': PROBLEM }) }),
      default: PROBLEM,
    },
  };
}

/** What it answers where all is well: its own, and what may come instead. */
function answers(spec: EndpointSpec, { schemas, insteads }: Parts): Record<string, JsonSchema> {
  const { own, instead } = splitResponse(spec.response, insteads);
  const status = statusOf(spec);
  const answer = response({ ...spec, response: own }, status, schemas);
  if (instead === undefined) return { [status]: answer };
  // One status of both has one description: OpenAPI has no other way to say it.
  if (instead.status === status) return { [status]: response(spec, status, schemas, instead.description) };
  const other = { ...spec, response: instead.schema, contentType: undefined };
  return {
    [status]: answer,
    [instead.status]: response(other, instead.status, schemas, instead.description),
  };
}

/** The response without what may come instead. */
export function splitResponse(
  whole: z.ZodType | undefined,
  insteads: readonly InsteadAnswer[],
): { readonly own: z.ZodType | undefined; readonly instead?: InsteadAnswer } {
  const parts: readonly unknown[] =
    whole instanceof z.ZodUnion ? whole.options : whole instanceof z.ZodOptional ? [whole.unwrap()] : [];
  const instead = insteads.find(({ schema }) => parts.includes(schema));
  if (instead === undefined) return { own: whole };
  const [first, ...rest] = parts.filter((part) => part !== instead.schema) as z.ZodType[];
  return { own: first === undefined || rest.length === 0 ? first : z.union([first, ...rest]), instead };
}

function addExamples({ requestBody, responses }: Operation, examples: ExampleMaker): void {
  const all = [requestBody, ...Object.values(responses as Record<string, unknown>)];
  for (const part of all as readonly { content?: Record<string, Media> }[])
    for (const media of Object.values(part?.content ?? {}))
      if (media.example === undefined && !isRaw(media.schema)) media.example = examples.of(media.schema);
}

interface Media {
  readonly schema: JsonSchema;
  example?: unknown;
}

/** Bytes, or a text of another format than JSON. */
const isRaw = ({ type, format }: JsonSchema): boolean =>
  type === 'string' && (format === 'binary' || format === undefined);

function response(
  spec: Pick<EndpointSpec, 'responseHeaders'> & {
    readonly response?: z.ZodType | undefined;
    readonly contentType?: string | undefined;
  },
  status: number,
  schemas: SchemaCollector,
  description = STATUS_CODES[status] ?? 'It worked.',
): JsonSchema {
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
        [type]: { schema: schema ?? { type: 'string' } },
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
