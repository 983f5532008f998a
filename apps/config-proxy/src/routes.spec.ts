import { randomUUID } from 'node:crypto';
import { allApiScopes, type ApiScope } from '@espalier/contracts';
import { endpointsOf, type OpenApiDocument } from '@espalier/nest-kit';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import { ConsoleHarness, MdmPeer } from './config-proxy.fixture.js';
import { consoleControllers } from './console.module.js';

interface Row {
  readonly scope: ApiScope | 'any' | 'public';
  readonly path?: string;
  readonly body?: unknown;
  readonly status: number;
}

const profileList = { requestType: 'ProfileList' };

/** Every route, what it needs, and a request that works. A route without a row fails the suite. */
const table = (commandId: string, tokenId: string): Readonly<Record<string, Row>> => ({
  'GET /': { scope: 'public', status: 200 },
  'GET /api/v1/openapi.json': { scope: 'public', status: 200 },
  'GET /api/v1/whoami': { scope: 'any', status: 200 },
  'GET /api/v1/enrollments': { scope: 'devices:read', status: 200 },
  'GET /api/v1/enrollments/:id': { scope: 'devices:read', path: '/api/v1/enrollments/DEVICE-0', status: 200 },
  'GET /api/v1/enrollments/:id/commands': {
    scope: 'commands:read',
    path: '/api/v1/enrollments/DEVICE-0/commands',
    status: 200,
  },
  'POST /api/v1/enrollments/:id/push': {
    scope: 'devices:push',
    path: '/api/v1/enrollments/DEVICE-0/push',
    status: 202,
  },
  'POST /api/v1/enrollments/:id/commands': {
    scope: 'commands:write',
    path: '/api/v1/enrollments/DEVICE-0/commands',
    body: { command: profileList },
    status: 202,
  },
  'POST /api/v1/commands': {
    scope: 'commands:write',
    body: { enrollmentIds: ['DEVICE-0', 'DEVICE-1'], command: profileList },
    status: 202,
  },
  'GET /api/v1/commands/:id': {
    scope: 'commands:read',
    path: `/api/v1/commands/${commandId}`,
    status: 200,
  },
  'DELETE /api/v1/commands/:id': {
    scope: 'commands:write',
    path: `/api/v1/commands/${commandId}`,
    status: 200,
  },
  'POST /api/v1/enrollment-links': { scope: 'enrollment:write', body: { maxUses: 2 }, status: 201 },
  'GET /api/v1/events': { scope: 'events:read', status: 200 },
  'GET /api/v1/tokens': { scope: 'tokens:admin', status: 200 },
  'POST /api/v1/tokens': {
    scope: 'tokens:admin',
    body: { name: 'made by the table', scopes: ['tokens:admin'] },
    status: 201,
  },
  'DELETE /api/v1/tokens/:id': {
    scope: 'tokens:admin',
    path: `/api/v1/tokens/${tokenId}`,
    status: 204,
  },
});

const endpoints = endpointsOf(consoleControllers).map(({ spec }) => spec);
const keys = endpoints.map(({ method, path }) => `${method} ${path}`);

describe('every route of the console port', () => {
  let nats: NatsServer;
  let peer: MdmPeer;
  let harness: ConsoleHarness;
  let rows: Readonly<Record<string, Row>>;

  beforeAll(async () => {
    nats = await startNatsServer();
    peer = new MdmPeer(nats.url);
    await peer.serve();
    harness = await new ConsoleHarness(nats).start();
    const command = peer.addCommand('DEVICE-0', { command: profileList, priority: 0, createdBy: 'spec' });
    const spare = await harness.issue(['devices:read'], 'to be revoked');
    rows = table(command.id, spare.id);
  });
  afterAll(async () => {
    await harness.stop();
    await peer.messaging.drain(2_000);
    await nats.stop();
  });

  const rowOf = (key: string): Row & { method: string; path: string } => {
    const row = rows[key];
    if (row === undefined) throw new Error(`${key} has no row in the table`);
    const [method = '', path = ''] = key.split(' ');
    return { ...row, method, path: row.path ?? path };
  };
  /** The status of the answer; streams are closed as soon as they begin. */
  const statusOf = async (key: string, token: string | undefined): Promise<number> => {
    const { method, path, body } = rowOf(key);
    const response = await harness.open(method, path, { token, body, agent: false });
    response.destroy();
    return response.statusCode ?? 0;
  };

  it('has a row in the table, and the table has no others', () => {
    expect(keys.toSorted()).toEqual(Object.keys(table('', '')).toSorted());
  });

  it.each(endpoints)('$method $path declares the scope that the table names', ({ method, path, scope }) => {
    expect(scope).toBe(rowOf(`${method} ${path}`).scope);
  });

  it.each(keys)('%s answers 401 without a token, and names no scope', async (key) => {
    const { method, path, body, scope, status } = rowOf(key);
    if (scope === 'public') {
      expect(await statusOf(key, undefined)).toBe(status);
      return;
    }
    const answer = await harness.send(method, path, { body });
    expect(answer.status).toBe(401);
    expect(answer.json).toMatchObject({ code: 'ESP_AUTH_TOKEN_MISSING', mend: expect.any(String) });
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="espalier"');
    expect(answer.headers['content-type']).toBe('application/problem+json');
  });

  it.each(keys)('%s answers 403 to a token with every scope but its own', async (key) => {
    const { method, path, body, scope } = rowOf(key);
    if (scope === 'public' || scope === 'any') {
      const { secret } = await harness.issue(['enrollment:write']);
      expect(await statusOf(key, secret)).toBe(200);
      return;
    }
    const { secret } = await harness.issue(allApiScopes.filter((other) => other !== scope));
    const answer = await harness.send(method, path, { token: secret, body });
    expect(answer.status).toBe(403);
    expect(answer.json).toMatchObject({ code: 'ESP_AUTH_SCOPE_MISSING', detail: `Needed: ${scope}.` });
    expect(answer.headers['www-authenticate']).toContain(`scope="${scope}"`);
  });

  it.each(keys)('%s works with a token that has its scope alone', async (key) => {
    const { scope, status } = rowOf(key);
    const { secret } = await harness.issue(
      scope === 'public' || scope === 'any' ? ['devices:read'] : [scope],
    );
    expect(await statusOf(key, secret)).toBe(status);
  });

  it.each(endpoints.filter(({ response, ownAnswer }) => response !== undefined && ownAnswer !== true))(
    '$method $path answers what its schema says',
    async ({ method, path: pattern, response }) => {
      const { path, body } = rowOf(`${method} ${pattern}`);
      const answer = await harness.admin(method, path, body);
      expect(response?.safeParse(answer.json).error).toBeUndefined();
    },
  );

  it.each(keys.filter((key) => key.includes('/:id')))(
    '%s answers 404 for what does not exist',
    async (key) => {
      const { method, path, body } = rowOf(key);
      const unknown = path.includes('/devices/')
        ? path.replace('DEVICE-0', 'NOBODY')
        : path.replace(/[^/]+$/, randomUUID());
      const answer = await harness.admin(method, unknown, body);
      expect(answer.status).toBe(404);
      expect(answer.json).toMatchObject({ status: 404, code: expect.stringMatching(/^ESP_.*_UNKNOWN$/) });
    },
  );

  it('stands in the OpenAPI document, whose references all lead somewhere', async () => {
    const { json, text } = await harness.send<OpenApiDocument>('GET', '/api/v1/openapi.json');
    const operations = Object.entries(json.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/{(\w+)}/g, ':$1')}`),
    );
    expect(operations.toSorted()).toEqual(keys.toSorted());
    expect(json.openapi).toBe('3.1.1');
    const references = [...text.matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)];
    expect(references.length).toBeGreaterThan(20);
    for (const [, kind = '', name = ''] of references) expect(json.components[kind]).toHaveProperty(name);
    expect(text.match(/"\$ref"/g)).toHaveLength(references.length);
    expect(text).not.toContain('$defs');
    for (const [path, methods] of Object.entries(json.paths))
      for (const operation of Object.values(methods)) {
        const { parameters = [] } = operation as { parameters?: { in: string; name: string }[] };
        const named = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
        expect(named).toEqual([...path.matchAll(/{(\w+)}/g)].map(([, name]) => name));
      }
  });

  it('stands on the page that a browser shows, which needs no script', async () => {
    const page = await harness.send('GET', '/');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    for (const { path } of endpoints) expect(page.text).toContain(path.replaceAll(/:(\w+)/g, '{$1}'));
    expect(page.text).not.toContain('<script');
  });
});
