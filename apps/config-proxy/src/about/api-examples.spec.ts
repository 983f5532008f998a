import { apiScopes } from '@espalier/contracts';
import { buildOpenApi, endpointsOf, splitResponse } from '@espalier/nest-kit';
import type { z } from 'zod';
import { consoleControllers } from '../console.module.js';
import { exampleWords, waitsForApproval } from './api-words.js';

interface Media {
  readonly schema: object;
  readonly example?: unknown;
}
interface Operation {
  readonly parameters?: readonly { readonly name: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}

const endpoints = endpointsOf(consoleControllers);
const { paths } = buildOpenApi({
  title: 'spec',
  version: '1',
  description: 'spec',
  endpoints,
  scopes: apiScopes,
  insteads: [waitsForApproval],
  words: exampleWords,
});
const operations = new Map(
  Object.values(paths).flatMap((methods) =>
    Object.values(methods).map((item) => [item.operationId, item as unknown as Operation] as const),
  ),
);
const operationOf = (operationId: string): Operation => operations.get(operationId) as Operation;
const JSON_TYPE = /json$|event-stream$/;
const exampleIn = (part: { content?: Readonly<Record<string, Media>> } | undefined): unknown =>
  Object.entries(part?.content ?? {}).find(([type]) => JSON_TYPE.test(type))?.[1].example;

/** What the schema says of an example; undefined: it is one. */
const wrongWith = (schema: z.ZodType, example: unknown): unknown =>
  example === undefined ? 'there is none' : schema.safeParse(example).error?.issues;

describe('the documentation of every operation', () => {
  const named = endpoints.map(({ spec, operationId }) => [operationId, spec] as const);

  it.each(named.filter(([, { body }]) => body !== undefined))(
    '%s: has an example of a request that would be taken',
    (id, { body }) => {
      expect(wrongWith(body as z.ZodType, exampleIn(operationOf(id).requestBody))).toBeUndefined();
    },
  );

  it.each(
    named.filter(([, { response, contentType = 'application/json' }]) => {
      const { own } = splitResponse(response, [waitsForApproval]);
      return own !== undefined && [contentType].flat().every((type) => JSON_TYPE.test(type));
    }),
  )('%s: has an example of what it answers', (id, { response, errorBody, status = 200 }) => {
    const { own } = splitResponse(response, [waitsForApproval]);
    const { responses } = operationOf(id);
    const answered = responses[errorBody === undefined ? status : '2XX'];
    expect(wrongWith(own as z.ZodType, exampleIn(answered))).toBeUndefined();
  });

  it.each(
    named.filter(
      ([, { headers, ownAnswer }]) => headers?.shape['approval-reason'] !== undefined && !ownAnswer,
    ),
  )('%s: says both what it answers and that it may wait for an approval', (id, { response, status }) => {
    const { own, instead } = splitResponse(response, [waitsForApproval]);
    expect(instead).toBe(waitsForApproval);
    const { responses } = operationOf(id);
    expect(Object.keys(responses)).toContain(String(status ?? (own === undefined ? 204 : 200)));
    const waits = responses['202'];
    if (status === 202) expect(JSON.stringify(waits)).toContain('#/components/schemas/Approval"');
    else expect(wrongWith(waitsForApproval.schema, exampleIn(waits))).toBeUndefined();
  });
});
