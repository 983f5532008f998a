import { randomUUID } from 'node:crypto';
import type { Role } from '@espalier/contracts';
import type { EndpointReach } from '@espalier/nest-kit';
import { roles } from './roles/role.catalogue.js';
import { ReachHarness, type Side, type SpecAdministrator } from './reach.fixture.js';
import { requiredAccess } from './routes.fixture.js';

type Kind = 'device' | 'collection' | 'deployment' | 'enrollment' | 'command';

/** What each kind of object answers for an id that nobody has. */
const unknown: Readonly<Record<Kind, { readonly id: string | number; readonly code: string }>> = {
  device: { id: 16_999_999, code: 'ESP_RESOURCE_UNKNOWN' },
  collection: { id: 'TST0ZZZZ', code: 'ESP_COLLECTION_UNKNOWN' },
  deployment: { id: randomUUID(), code: 'ESP_DEPLOYMENT_UNKNOWN' },
  enrollment: { id: 'NOBODY', code: 'ESP_MDM_ENROLLMENT_UNKNOWN' },
  command: { id: randomUUID(), code: 'ESP_MDM_COMMAND_UNKNOWN' },
};

/** Matches no version, so that nothing is changed where changes take If-Match. */
const stale = { 'if-match': '"999999"' };
const NOT_FOR_LIMITED = 'ESP_AUTH_NOT_FOR_LIMITED';

const objectOf = (reach: EndpointReach): [Kind, string] | undefined =>
  typeof reach === 'object' ? (Object.entries(reach)[0] as [Kind, string]) : undefined;

describe('every route, for every role', () => {
  let site: ReachHarness;
  const everywhere = new Map<string, SpecAdministrator>();
  const limited = new Map<string, SpecAdministrator>();

  beforeAll(async () => {
    site = await ReachHarness.start();
    for (const { id } of roles) {
      everywhere.set(id, await site.administrator(`${id} everywhere`, id, null));
      limited.set(id, await site.administrator(`${id} limited`, id, site.inside.root));
    }
  }, 120_000);
  afterAll(() => site.stop());

  /** The path with ids of this side; parameters of no kind get what is harmless. */
  const pathOf = (key: string, side: Side, replaced?: { kind: Kind; id: string | number }): string => {
    const [kind, parameter] = objectOf(requiredAccess[key]?.[1] ?? 'site') ?? [];
    const others: Readonly<Record<string, string | number>> = {
      resourceId: side.device,
      revision: 1,
      ruleId: 1,
      group: 'nothing',
      sequence: 1,
      kind: 'erase',
      operationId: 1,
    };
    const own = kind === undefined ? '' : replaced?.kind === kind ? replaced.id : side[kind];
    return (key.split(' ')[1] ?? '').replaceAll(/:(\w+)/g, (_all, name: string) =>
      encodeURIComponent(String(name === parameter ? own : (others[name] ?? randomUUID()))),
    );
  };
  /** Status and code; streams are closed as soon as they begin. */
  const ask = async (
    key: string,
    path: string,
    who: SpecAdministrator | undefined,
  ): Promise<{ status: number; body: Record<string, unknown> }> => {
    const [method = ''] = key.split(' ');
    const body = method === 'GET' || method === 'DELETE' ? undefined : {};
    const response = await site.console.open(method, path, { token: who?.token, body, headers: stale });
    const status = response.statusCode ?? 0;
    const isStream = response.headers['content-type']?.startsWith('text/event-stream') === true;
    if (isStream) {
      response.destroy();
      return { status, body: {} };
    }
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const isJson = /^application\/(problem\+)?json/.test(response.headers['content-type'] ?? '');
    return { status, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} };
  };
  const passes = ({ status, body }: Awaited<ReturnType<typeof ask>>): void => {
    const { code } = body;
    expect({ code, status }).toEqual({
      code: expect.not.stringMatching(/^ESP_AUTH_/),
      status: expect.any(Number),
    });
    expect([401, 500, 501, 502, 504]).not.toContain(status);
  };
  const holds = (role: Role, scope: string): boolean =>
    scope === 'any' || scope === 'public' || role.scopes.some((held) => held === scope);

  it.each(Object.entries(requiredAccess))(
    '%s',
    async (key, [scope, reach]) => {
      const object = objectOf(reach);
      for (const role of roles) {
        const inner = await ask(key, pathOf(key, site.inside), limited.get(role.id));
        const whole = await ask(key, pathOf(key, site.inside), everywhere.get(role.id));
        if (!holds(role, scope)) {
          const refused = { status: 403, body: { code: 'ESP_AUTH_SCOPE_MISSING' } };
          expect([role.id, whole, inner]).toMatchObject([role.id, refused, refused]);
          const outer = await ask(key, pathOf(key, site.outside), limited.get(role.id));
          expect(outer).toMatchObject(refused);
          continue;
        }
        passes({ ...whole, body: { code: 'none', ...whole.body } });
        if (reach === 'site') {
          expect([role.id, inner]).toMatchObject([role.id, { status: 403, body: { code: NOT_FOR_LIMITED } }]);
          continue;
        }
        passes({ ...inner, body: { code: 'none', ...inner.body } });
        if (object === undefined) continue;
        const [kind] = object;
        expect([role.id, inner.body['code']]).not.toEqual([role.id, unknown[kind].code]);
        const outer = await ask(key, pathOf(key, site.outside), limited.get(role.id));
        const nowhere = await ask(
          key,
          pathOf(key, site.outside, { kind, id: unknown[kind].id }),
          limited.get(role.id),
        );
        // What is out of reach does not exist: but for its id the answer is that for an id that nobody has.
        const told = ({
          status,
          body: { detail: _detail, requestId: _id, instance: _at, ...rest },
        }: typeof outer) => ({
          status,
          ...rest,
        });
        expect([role.id, told(outer)]).toMatchObject([role.id, { status: 404, code: unknown[kind].code }]);
        expect(told(outer)).toEqual(told(nowhere));
        expect(outer.body['detail']).toBe(String(site.outside[kind]));
        expect(nowhere.body['detail']).toBe(String(unknown[kind].id));
      }
    },
    60_000,
  );

  it('lists only what is in reach', async () => {
    const { token } = limited.get('full-administrator') ?? { token: '' };
    const { device, root, collection, deployment } = site.inside;
    const list = async (path: string) => (await site.send('GET', path, token)).json['items'] as object[];
    expect(await list('/api/v1/devices')).toMatchObject([{ resourceId: device }]);
    expect(await list('/api/v1/collections?orderBy=id')).toMatchObject([{ id: root }, { id: collection }]);
    expect(await list('/api/v1/deployments')).toMatchObject([{ id: deployment }]);
    expect(await list('/api/v1/deployment-history')).toMatchObject([{ deploymentId: deployment }]);
    expect(await list(`/api/v1/collections/${root}/members`)).toMatchObject([{ resourceId: device }]);
    expect(await list(`/api/v1/deployments/${deployment}/devices`)).toMatchObject([{ resourceId: device }]);
    expect(await list(`/api/v1/devices/${device}/collections`)).toMatchObject([
      { collectionId: root },
      { collectionId: collection },
    ]);
    const all = await site.console.admin<{ items: object[] }>('GET', '/api/v1/devices');
    expect(all.json.items).toHaveLength(2);
    const filtered = await list("/api/v1/devices?filter=name%20eq%20'outside'%20or%20name%20eq%20'inside'");
    expect(filtered).toHaveLength(1);
  });
});
