import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { statusOf, type DeclaredEndpoint, type EndpointSpec } from '../endpoint/endpoint.js';
import { PROBLEM_CONTENT_TYPE, problemSchema, type Problem } from '../errors/problem.js';
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
/** Nothing is said of it, and no example made. */
const ANY: JsonSchema = Object.freeze({});
const PROBLEM = { $ref: '#/components/responses/Problem' } as const;

/** Writes the documentation of endpoints from what they declare. Throws where two are the same. */
export function buildOpenApi(options: OpenApiOptions): OpenApiDocument {
  const schemas = new SchemaCollector();
  const problem = schemas.schema(problemSchema, 'output');
  const words = options.words ?? { names: {} };
  const refusal = new ExampleMaker(schemas.components(), words).of(problem) as Problem;
  const paths: Record<string, Record<string, Operation>> = {};
  const ids = new Set<string>();
  for (const { spec, operationId } of options.endpoints) {
    const path = (paths[spec.path.replaceAll(/:([A-Za-z]+)/g, '{$1}')] ??= {});
    const method = spec.method.toLowerCase();
    if (path[method] !== undefined || ids.has(operationId))
      throw new Error(`${spec.method} ${spec.path} (${operationId}) is declared twice`);
    ids.add(operationId);
    path[method] = operation(spec, operationId, {
      schemas,
      insteads: options.insteads ?? [],
      refusal,
    });
  }
  const examples = new ExampleMaker(schemas.components(), words);
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
          content: { [PROBLEM_CONTENT_TYPE]: { schema: problem, example: refusal } },
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
  /** An example. */
  readonly refusal: Problem;
}

function operation(spec: EndpointSpec, operationId: string, parts: Parts): Operation {
  const { schemas } = parts;
  const parameters = [
    ...parametersOf('path', spec.params, schemas),
    ...parametersOf('query', spec.query, schemas),
    ...parametersOf('header', spec.headers, schemas),
  ];
  const isPublic = spec.scope === 'public';
  const refused = refusalOf(spec, parts);
  return {
    operationId,
    summary: spec.summary,
    ...(spec.description !== undefined && { description: spec.description }),
    ...(spec.tag !== undefined && { tags: [spec.tag] }),
    security: isPublic ? [] : [{ [SCHEME]: spec.scope === 'any' ? [] : [spec.scope] }],
    ...(parameters.length > 0 && { parameters }),
    ...((spec.body ?? spec.streams) !== undefined && {
      requestBody: { required: true, content: bodiesOf(spec, schemas) },
    }),
    responses: {
      ...answers(spec, parts),
      ...(!isPublic && { '401': refused, ...(spec.scope !== 'any' && { '403': refused }) }),
      default: refused,
    },
  };
}

function bodiesOf({ body, example, streams = [] }: EndpointSpec, schemas: SchemaCollector): JsonSchema {
  return {
    ...(body !== undefined && {
      'application/json': {
        schema: schemas.schema(body, 'input'),
        ...(example !== undefined && { example }),
      },
    }),
    ...Object.fromEntries(streams.map((type) => [type, { schema: { type: 'string', format: 'binary' } }])),
  };
}

/** How an endpoint says that it did not work. */
function refusalOf({ errorBody }: EndpointSpec, { refusal }: Parts): JsonSchema {
  if (errorBody === undefined) return PROBLEM;
  return {
    description: 'It did not work.',
    content: { 'application/json': { schema: { type: 'object' }, example: errorBody(refusal) } },
  };
}

/** What it answers where all is well: its own, and what may come instead. */
function answers(spec: EndpointSpec, { schemas, insteads }: Parts): Record<string, JsonSchema> {
  const { own, instead } = splitResponse(spec.response, insteads);
  const status = statusOf(spec);
  // Another protocol has statuses of its own.
  if (spec.errorBody !== undefined)
    return { '2XX': response(spec, status, schemas, 'It worked, as the protocol says.') };
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

/** Bytes, a text of another format than JSON, or what nothing is known of. */
const isRaw = (schema: JsonSchema): boolean =>
  schema === ANY ||
  (schema['type'] === 'string' && [undefined, 'binary'].includes(schema['format'] as string));

function response(
  spec: Pick<EndpointSpec, 'responseHeaders'> & {
    readonly response?: z.ZodType | undefined;
    readonly contentType?: EndpointSpec['contentType'] | undefined;
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
  const types = [spec.contentType ?? (schema === undefined ? [] : 'application/json')].flat();
  return {
    description,
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) as Record<string, unknown> }),
    ...(types.length > 0 && {
      content: Object.fromEntries(types.map((type) => [type, { schema: schema ?? contentOf(type) }])),
    }),
  };
}

/** Of an answer without a schema: a text, or any JSON. */
const contentOf = (type: string): JsonSchema => (type === 'application/json' ? ANY : { type: 'string' });

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
