import { randomUUID } from 'node:crypto';
import { allApiScopes, type ApiScope } from '@espalier/contracts';
import { endpointsOf, type OpenApiDocument } from '@espalier/nest-kit';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import { ConsoleHarness, MdmPeer } from './config-proxy.fixture.js';
import { consoleControllers } from './console.module.js';
import { requiredAccess } from './routes.fixture.js';

interface Row {
  readonly path?: string;
  readonly body?: unknown;
  readonly status: number;
}

const profileList = { requestType: 'ProfileList' };

/** Requests that work on an empty site with a few enrolments. */
const table = (commandId: string, tokenId: string, linkId: string): Readonly<Record<string, Row>> => ({
  'GET /': { status: 200 },
  'GET /api/v1/openapi.json': { status: 200 },
  'GET /api/v1/whoami': { status: 200 },
  'GET /api/v1/enrollments': { status: 200 },
  'GET /api/v1/enrollments/:id': { path: '/api/v1/enrollments/DEVICE-0', status: 200 },
  'GET /api/v1/enrollments/:id/commands': {
    path: '/api/v1/enrollments/DEVICE-0/commands',
    status: 200,
  },
  'POST /api/v1/enrollments/:id/push': {
    path: '/api/v1/enrollments/DEVICE-0/push',
    status: 202,
  },
  'POST /api/v1/enrollments/:id/commands': {
    path: '/api/v1/enrollments/DEVICE-0/commands',
    body: { command: profileList },
    status: 202,
  },
  'POST /api/v1/commands': {
    body: { enrollmentIds: ['DEVICE-0', 'DEVICE-1'], command: profileList },
    status: 202,
  },
  'GET /api/v1/commands/:id': {
    path: `/api/v1/commands/${commandId}`,
    status: 200,
  },
  'DELETE /api/v1/commands/:id': {
    path: `/api/v1/commands/${commandId}`,
    status: 200,
  },
  'GET /api/v1/enrollment-links': { status: 200 },
  'POST /api/v1/enrollment-links': { body: { maxUses: 2 }, status: 201 },
  'GET /api/v1/enrollment-links/:id': { path: `/api/v1/enrollment-links/${linkId}`, status: 200 },
  'DELETE /api/v1/enrollment-links/:id': { path: `/api/v1/enrollment-links/${linkId}`, status: 204 },
  'GET /api/v1/events': { status: 200 },
  'GET /api/v1/tokens': { status: 200 },
  'POST /api/v1/tokens': {
    body: { name: 'made by the table', scopes: ['tokens:admin'] },
    status: 201,
  },
  'DELETE /api/v1/tokens/:id': {
    path: `/api/v1/tokens/${tokenId}`,
    status: 204,
  },
});

const endpoints = endpointsOf(consoleControllers).map(({ spec }) => spec);
const keys = endpoints.map(({ method, path }) => `${method} ${path}`);
/** Routes of a protocol that has a shape of its own for errors. */
const ownErrors = new Set(
  endpoints.flatMap(({ method, path, errorBody }) => (errorBody === undefined ? [] : [`${method} ${path}`])),
);

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
    rows = table(command.id, spare.id, peer.addLink({ maxUses: 1 }).id);
  });
  afterAll(async () => {
    await harness.stop();
    await peer.messaging.drain(2_000);
    await nats.stop();
  });

  /** A request for a route; where the table has none, one that gets past the gate and no further. */
  const rowOf = (key: string): Row & { method: string; path: string } => {
    const [method = '', pattern = ''] = key.split(' ');
    const row = rows[key] ?? { status: 0 };
    return { ...row, method, path: row.path ?? pattern.replaceAll(/:\w+/g, '1') };
  };
  const scopeOf = (key: string): string => requiredAccess[key]?.[0] ?? 'not in the table';
  /** The status of the answer; streams are closed as soon as they begin. */
  const statusOf = async (key: string, token: string | undefined): Promise<number> => {
    const { method, path, body } = rowOf(key);
    const response = await harness.open(method, path, { token, body, agent: false });
    response.destroy();
    return response.statusCode ?? 0;
  };
  const guarded = keys.filter((key) => !['any', 'public'].includes(scopeOf(key)));
  const worked = Object.keys(table('', '', ''));

  it('has a row in the table, and the table has no others', () => {
    expect(keys.toSorted()).toEqual(Object.keys(requiredAccess).toSorted());
    expect(worked.filter((key) => !keys.includes(key))).toEqual([]);
  });

  it.each(endpoints)('$method $path declares what the table names', ({ method, path, scope, reach }) => {
    const key = `${method} ${path}`;
    expect([scope, reach ?? (scope === 'public' ? 'self' : 'none')]).toEqual(requiredAccess[key]);
  });

  it.each(keys.filter((key) => scopeOf(key) !== 'public'))(
    '%s answers 401 without a token, and names no scope',
    async (key) => {
      const { method, path, body } = rowOf(key);
      const answer = await harness.send(method, path, { body });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="espalier"');
      if (ownErrors.has(key)) return expect(answer.text).toContain('ESP_AUTH_TOKEN_MISSING');
      expect(answer.json).toMatchObject({ code: 'ESP_AUTH_TOKEN_MISSING', mend: expect.any(String) });
      expect(answer.headers['content-type']).toBe('application/problem+json');
    },
  );

  it.each(guarded)('%s answers 403 to a token with every scope but its own', async (key) => {
    const { method, path, body } = rowOf(key);
    const scope = scopeOf(key);
    const { secret } = await harness.issue(allApiScopes.filter((other) => other !== scope));
    const answer = await harness.send(method, path, { token: secret, body });
    expect(answer.status).toBe(403);
    expect(answer.json).toMatchObject({ code: 'ESP_AUTH_SCOPE_MISSING', detail: `Needed: ${scope}.` });
    expect(answer.headers['www-authenticate']).toContain(`scope="${scope}"`);
  });

  it.each(guarded)('%s lets a token in that has its scope alone', async (key) => {
    const { secret } = await harness.issue([scopeOf(key) as ApiScope]);
    const { status } = rowOf(key);
    const answered = await statusOf(key, secret);
    if (status > 0) expect(answered).toBe(status);
    // What it asks for may not exist, or be wrong; but it is asked.
    else expect([401, 403, 500, 501, 502, 504]).not.toContain(answered);
  });

  it.each(keys.filter((key) => ['any', 'public'].includes(scopeOf(key))))(
    '%s answers whoever is known',
    async (key) => {
      const { secret } = await harness.issue(['enrollment:write']);
      // What a method is not for is said to be so, also to those who are known.
      expect([401, 403, 500, 502, 504]).not.toContain(await statusOf(key, secret));
    },
  );

  it.each(
    endpoints.filter(
      ({ method, path, response, ownAnswer }) =>
        worked.includes(`${method} ${path}`) && response !== undefined && ownAnswer !== true,
    ),
  )('$method $path answers what its schema says', async ({ method, path: pattern, response }) => {
    const { path, body } = rowOf(`${method} ${pattern}`);
    const answer = await harness.admin(method, path, body);
    expect(response?.safeParse(answer.json).error).toBeUndefined();
  });

  it.each(worked.filter((key) => key.includes('/:id')))(
    '%s answers 404 for what does not exist',
    async (key) => {
      const { method, path, body } = rowOf(key);
      const unknown = path.includes('/enrollments/')
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
