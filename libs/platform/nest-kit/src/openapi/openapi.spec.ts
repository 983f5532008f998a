import { buildOpenApi, endpointsOf } from '../index.js';
import { OrchardController } from '../orchard.fixture.js';

describe('the OpenAPI document', () => {
  const document = buildOpenApi({
    title: 'Orchard',
    version: '1',
    description: 'Apples.',
    endpoints: endpointsOf([OrchardController]),
    scopes: { 'apples:pick': 'Pick apples.' },
  });

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

  it('lets answers gain keys, and refuses two endpoints in one place', () => {
    expect(document.components['schemas']?.['Apple']).not.toHaveProperty('additionalProperties');
    const twice = [...endpointsOf([OrchardController]), ...endpointsOf([OrchardController])];
    expect(() =>
      buildOpenApi({ title: '', version: '', description: '', endpoints: twice, scopes: {} }),
    ).toThrow('declared twice');
  });
});
