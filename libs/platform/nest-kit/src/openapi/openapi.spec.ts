import { z } from 'zod';
import { buildOpenApi, endpointsOf } from '../index.js';
import { OrchardController } from '../orchard.fixture.js';
import { SchemaCollector } from './json-schema.js';

describe('the OpenAPI document', () => {
  const document = buildOpenApi({
    title: 'Orchard',
    version: '1',
    description: 'Apples.',
    endpoints: endpointsOf([OrchardController]),
    scopes: { 'apples:pick': 'Pick apples.' },
  });

  const responsesOf = (path: string): unknown => document.paths[path]?.['get']?.['responses'];

  it('has every endpoint with its parameters, scope, body and answers', () => {
    expect(Object.keys(document.paths)).toEqual([
      '/orchards/{id}/apples',
      '/fail/{how}',
      '/slow',
      '/graft',
      '/drip',
    ]);
    expect(document.paths['/orchards/{id}/apples']?.['post']).toMatchObject({
      operationId: 'pick',
      security: [{ apiToken: ['apples:pick'] }],
      parameters: [
        { name: 'id', in: 'path', required: true },
        { name: 'basket', in: 'query', required: false, schema: { type: 'integer', minimum: 1, default: 1 } },
        { name: 'x-ripeness', in: 'header', required: false },
      ],
      requestBody: {
        content: { 'application/json': { schema: { required: ['kind'], additionalProperties: false } } },
      },
      responses: {
        '201': { content: { 'application/json': { schema: { $ref: '#/components/schemas/Apple' } } } },
        '403': { $ref: '#/components/responses/Problem' },
      },
    });
    expect(document.components['schemas']).toHaveProperty('Apple');
    expect(document.components['schemas']).toHaveProperty('Problem');
  });

  it('shows every type that an answer may have', () => {
    const responses = responsesOf('/drip');
    const content = { 'text/plain': { schema: { type: 'string' } }, 'application/json': { schema: {} } };
    expect(responses).toMatchObject({ '200': { content } });
    expect(JSON.stringify(responses)).not.toContain('"example":"text"');
  });

  it('shows refusals of another protocol as that writes them, and leaves its statuses open', () => {
    const example = { trouble: { status: expect.any(Number), code: expect.any(String) } };
    expect(responsesOf('/graft')).toEqual({
      '2XX': { description: expect.any(String) },
      default: {
        description: expect.any(String),
        content: { 'application/json': { schema: { type: 'object' }, example } },
      },
    });
  });

  it('writes patterns that engines of other languages read, which mean the same', () => {
    const patternOf = (form: RegExp): string =>
      String(new SchemaCollector().schema(z.string().regex(form), 'input')['pattern']);
    const both = z.object({
      name: z
        .string()
        .regex(/^\P{Cc}*$/u)
        .regex(/^.{1,9}$/),
    });
    expect(JSON.stringify(new SchemaCollector().schema(both, 'input'))).not.toContain('{Cc}');
    const texts = ['', 'a', 'a\nb', '\u0000', '\u0085', 'ä', ':', 'a:b\nc'];
    for (const form of [
      /^[^\0\p{Cs}]*$/u,
      /^[^\p{Cc}\p{Cs}]*$/u,
      /^\P{Cc}{1,9}$/u,
      /^[^:]{1,2}:[^]{1,9}$/u,
    ]) {
      const pattern = patternOf(form);
      expect(pattern).not.toMatch(/\\0|\\p\{C|\[\^\]/i);
      expect(texts.map((text) => new RegExp(pattern, 'u').test(text))).toEqual(
        texts.map((text) => form.test(text)),
      );
    }
  });

  it('lets answers gain keys, and refuses two endpoints in one place', () => {
    expect(document.components['schemas']?.['Apple']).not.toHaveProperty('additionalProperties');
    const twice = [...endpointsOf([OrchardController]), ...endpointsOf([OrchardController])];
    expect(() =>
      buildOpenApi({ title: '', version: '', description: '', endpoints: twice, scopes: {} }),
    ).toThrow('declared twice');
  });
});
