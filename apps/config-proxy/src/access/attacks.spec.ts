import { randomUUID } from 'node:crypto';
import type { ApiScope, RoleId } from '@espalier/contracts';
import { itemOf, ReachHarness, type SpecAdministrator } from '../reach.fixture.js';

/** What somebody tries who is limited to a collection, or who wants more than they have. */
describe('attacks on the console port', () => {
  let site: ReachHarness;
  let lead: SpecAdministrator;
  beforeAll(async () => {
    site = await ReachHarness.start();
    lead = await site.administrator('lead', 'full-administrator', site.inside.root);
  }, 60_000);
  afterAll(() => site.stop());

  const tell = async (method: string, path: string, token: string, body?: unknown) => {
    const { status, json } = await site.send(method, path, token, body);
    return { status, code: json['code'], detail: json['detail'] };
  };
  const newCollection = (more: object) => ({
    kind: 'device',
    name: randomUUID(),
    limitingId: site.inside.root,
    rules: [],
    ...more,
  });
  const include = (collectionId: string) => ({ kind: 'include', collectionId });
  const query = (text: string) => ({ kind: 'query', name: text, query: text });
  const EVERYBODY = 'select * from SMS_R_System';

  it('commands for the enrolment of another collection are refused as for one that nobody has, and none is sent', async () => {
    const send = (enrollmentIds: string[], requestType = 'ProfileList') =>
      tell('POST', '/api/v1/commands', lead.token, { enrollmentIds, command: { requestType } });
    const before = site.peer.byRequest.size;
    const { enrollment } = site.outside;
    const unknown = { status: 404, code: 'ESP_MDM_ENROLLMENT_UNKNOWN' };
    expect(await send([enrollment])).toEqual({ ...unknown, detail: enrollment });
    expect(await send(['NOBODY'])).toEqual({ ...unknown, detail: 'NOBODY' });
    expect(await send([site.inside.enrollment, enrollment])).toEqual({ ...unknown, detail: enrollment });
    expect(await send([enrollment], 'EraseDevice')).toEqual({ ...unknown, detail: enrollment });
    expect(site.peer.byRequest.size).toBe(before);
    expect((await send([site.inside.enrollment])).status).toBe(202);
  });

  it('the reach of one scope is not that of another: whoever may command everywhere does not erase everywhere', async () => {
    const both = await site.administrator('both', 'helpdesk', null);
    await site.console.admin('PUT', `/api/v1/administrators/${both.id}/assignments`, {
      assignments: [
        { roleId: 'helpdesk', collectionIds: null },
        { roleId: 'full-administrator', collectionIds: [site.inside.root] },
      ],
    });
    const by = { administratorId: both.id, name: 'both', scopes: ['commands:write', 'commands:destructive'] };
    const { json } = await site.console.admin<{ secret: string }>('POST', '/api/v1/tokens', by);
    const erase = (enrollment: string) =>
      tell('POST', `/api/v1/enrollments/${enrollment}/commands`, json.secret, {
        command: { requestType: 'EraseDevice' },
      });
    expect(await erase(site.outside.enrollment)).toMatchObject({ code: 'ESP_MDM_ENROLLMENT_UNKNOWN' });
    expect((await erase(site.inside.enrollment)).code).not.toBe('ESP_MDM_ENROLLMENT_UNKNOWN');
    const list = await tell('POST', `/api/v1/enrollments/${site.outside.enrollment}/commands`, json.secret, {
      command: { requestType: 'ProfileList' },
    });
    expect(list.status).toBe(202);
  });

  it('deployments to another collection are refused as for one that nobody has', async () => {
    const deploy = (collectionId: string) =>
      tell('POST', '/api/v1/deployments', lead.token, {
        thingKind: 'configuration-item',
        thingId: randomUUID(),
        collectionId,
        intent: 'required',
      });
    const unknown = { status: 404, code: 'ESP_COLLECTION_UNKNOWN' };
    expect(await deploy(site.outside.collection)).toEqual({ ...unknown, detail: site.outside.collection });
    expect(await deploy('TST0ZZZZ')).toEqual({ ...unknown, detail: 'TST0ZZZZ' });
    expect((await deploy(site.inside.collection)).code).not.toBe('ESP_COLLECTION_UNKNOWN');
  });

  it('collections are neither made of others nor of devices of others, nor previewed of them', async () => {
    const { root, device } = site.outside;
    const attempts: [object, string][] = [
      [{ limitingId: root }, 'ESP_COLLECTION_UNKNOWN'],
      [{ limitingId: 'SMS00001', rules: [query(EVERYBODY)] }, 'ESP_COLLECTION_UNKNOWN'],
      [{ rules: [include(root)] }, 'ESP_COLLECTION_UNKNOWN'],
      [{ rules: [{ kind: 'exclude', collectionId: root }] }, 'ESP_COLLECTION_UNKNOWN'],
      [{ directResourceIds: [site.inside.device, device] }, 'ESP_RESOURCE_UNKNOWN'],
    ];
    for (const [attempt, code] of attempts) {
      const definition = newCollection(attempt);
      expect(await tell('POST', '/api/v1/collections', lead.token, definition)).toMatchObject({ code });
      expect(await tell('POST', '/api/v1/collections/preview', lead.token, { definition })).toMatchObject({
        code,
      });
    }
    const preview = { collectionId: root, definition: newCollection({}) };
    expect(await tell('POST', '/api/v1/collections/preview', lead.token, preview)).toMatchObject({
      code: 'ESP_COLLECTION_UNKNOWN',
      detail: root,
    });
    const seen = await site.send('POST', '/api/v1/collections/preview', lead.token, {
      definition: newCollection({ rules: [query(EVERYBODY)] }),
    });
    expect(seen.json).toMatchObject({ joins: { count: 1, first: [{ resourceId: site.inside.device }] } });
  });

  it('direct rules name no device of others, and rules no collection of others', async () => {
    const made = await site.send('POST', '/api/v1/collections', lead.token, newCollection({}));
    expect(made.status).toBe(201);
    const path = `/api/v1/collections/${String(made.json['id'])}`;
    for (const how of ['direct-rules', 'direct-rules/remove'])
      expect(
        await tell('POST', `${path}/${how}`, lead.token, { resourceIds: [site.outside.device] }),
      ).toMatchObject({ status: 404, code: 'ESP_RESOURCE_UNKNOWN', detail: String(site.outside.device) });
    expect(await tell('POST', `${path}/rules`, lead.token, include(site.outside.root))).toMatchObject({
      code: 'ESP_COLLECTION_UNKNOWN',
    });
    const { name: _name, kind: _kind, ...definition } = newCollection({});
    const replaced = { ...definition, name: 'x', limitingId: site.outside.root };
    expect(await tell('PUT', path, lead.token, replaced)).toMatchObject({ code: 'ESP_COLLECTION_UNKNOWN' });
    const direct = { resourceIds: [site.inside.device] };
    expect((await tell('POST', `${path}/direct-rules`, lead.token, direct)).status).toBe(200);
  });

  it('nobody widens their reach by a rule of the collection that it is, or of one that decides over it', async () => {
    const assigned = await site.send('POST', '/api/v1/collections', lead.token, newCollection({}));
    const middle = String(assigned.json['id']);
    const deciding = await site.send('POST', '/api/v1/collections', lead.token, newCollection({}));
    const inner = String(deciding.json['id']);
    await site.console.admin('POST', `/api/v1/collections/${middle}/rules`, include(inner));
    const eve = await site.administrator('eve', 'application-administrator', site.inside.root);
    await site.console.admin('PUT', `/api/v1/administrators/${eve.id}/assignments`, {
      assignments: [
        { roleId: 'application-administrator', collectionIds: [site.inside.root] },
        { roleId: 'helpdesk', collectionIds: [middle] },
      ],
    });
    for (const id of [site.inside.root, middle, inner]) {
      const path = `/api/v1/collections/${id}`;
      const refused = { status: 403, code: 'ESP_AUTH_NOT_FOR_LIMITED' };
      const direct = { resourceIds: [site.inside.device] };
      expect(await tell('POST', `${path}/rules`, eve.token, query(EVERYBODY))).toMatchObject(refused);
      expect(await tell('POST', `${path}/direct-rules`, eve.token, direct)).toMatchObject(refused);
      expect(await tell('POST', `${path}/direct-rules/remove`, eve.token, direct)).toMatchObject(refused);
      expect(await tell('DELETE', `${path}/rules/1`, eve.token)).toMatchObject(refused);
      expect(await tell('DELETE', path, eve.token)).toMatchObject(refused);
    }
    const rule = await tell('POST', `/api/v1/collections/${site.inside.collection}/rules`, eve.token, {
      ...query('select * from SMS_R_System where Name = "none"'),
    });
    expect(rule.status).toBe(200);
  });

  it('second ids of a path, and ids of a query, are looked at too', async () => {
    const { inside, outside } = site;
    const asks: [string, string][] = [
      [`/api/v1/collections/${inside.collection}/members/${outside.device}`, 'ESP_RESOURCE_UNKNOWN'],
      [`/api/v1/deployments/${inside.deployment}/devices/${outside.device}`, 'ESP_RESOURCE_UNKNOWN'],
      [`/api/v1/devices/${inside.device}/explain?deployment=${outside.deployment}`, 'ESP_DEPLOYMENT_UNKNOWN'],
    ];
    for (const [path, code] of asks)
      expect(await tell('GET', path, lead.token)).toMatchObject({ status: 404, code });
    const all = await site.send('GET', `/api/v1/devices/${inside.device}/explain`, lead.token);
    expect(all.json['explanations']).toHaveLength(1);
  });

  it('jobs of others do not exist, also where their id is known', async () => {
    const others = await site.console.admin('POST', '/api/v1/collections/evaluate');
    const id = String(others.json['id']);
    const unknown = { status: 404, code: 'ESP_SITE_JOB_UNKNOWN', detail: id };
    expect(await tell('GET', `/api/v1/jobs/${id}`, lead.token)).toEqual(unknown);
    expect(await tell('POST', `/api/v1/jobs/${id}/cancel`, lead.token)).toEqual(unknown);
    const own = await site.send('POST', `/api/v1/collections/${site.inside.collection}/evaluate`, lead.token);
    expect((await tell('GET', `/api/v1/jobs/${String(own.json['id'])}`, lead.token)).status).toBe(200);
    const { json } = await site.send('GET', '/api/v1/jobs', lead.token);
    expect((json['items'] as { id: string }[]).map((job) => job.id)).toContain(own.json['id']);
    expect((json['items'] as { id: string }[]).map((job) => job.id)).not.toContain(id);
  });

  it('a token does no more than its owner may now, and nothing when the owner is disabled', async () => {
    const anna = await site.administrator('anna', 'full-administrator', null, [
      'devices:read',
      'commands:destructive',
    ]);
    const assign = (roleId: RoleId) =>
      site.console.admin('PUT', `/api/v1/administrators/${anna.id}/assignments`, {
        assignments: [{ roleId, collectionIds: null }],
      });
    await assign('read-only-analyst');
    const me = await site.send('GET', '/api/v1/whoami', anna.token);
    expect(me.json).toMatchObject({ scopes: ['devices:read'], reach: { 'devices:read': null } });
    const disable = { name: 'anna', displayName: '', isEnabled: false };
    expect((await site.console.admin('PUT', `/api/v1/administrators/${anna.id}`, disable)).status).toBe(200);
    expect(await tell('GET', '/api/v1/whoami', anna.token)).toMatchObject({
      status: 401,
      code: 'ESP_AUTH_ADMINISTRATOR_DISABLED',
    });
  });

  it('nobody gets more by tokens or roles that they make', async () => {
    const eve = await site.administrator('security', 'security-administrator', null);
    const victim = await site.administrator('victim', 'full-administrator', null);
    const assign = (id: string, roleId: RoleId) =>
      tell('PUT', `/api/v1/administrators/${id}/assignments`, eve.token, {
        assignments: [{ roleId, collectionIds: null }],
      });
    const make = (administratorId: string | undefined, scopes: ApiScope[], token = eve.token) =>
      tell('POST', '/api/v1/tokens', token, { name: 'x', scopes, administratorId });
    const beyond = { status: 403, code: 'ESP_ADMINISTRATOR_BEYOND_OWN' };
    expect(await assign(eve.id, 'full-administrator')).toMatchObject(beyond);
    const identities = { identities: ['kerberos:eve@CORP.EXAMPLE'] };
    expect(
      await tell('PUT', `/api/v1/administrators/${victim.id}/identities`, eve.token, identities),
    ).toMatchObject(beyond);
    const notHeld = { status: 403, code: 'ESP_API_TOKEN_SCOPE_NOT_HELD' };
    expect(await make(victim.id, ['commands:destructive'])).toMatchObject(notHeld);
    expect(await make(undefined, ['commands:destructive'])).toMatchObject(notHeld);
    // Limited to a collection nobody governs, whatever the role.
    expect(await make(victim.id, ['devices:read'], lead.token)).toMatchObject({
      code: 'ESP_AUTH_SCOPE_MISSING',
    });
    expect(await tell('GET', '/api/v1/administrators', lead.token)).toMatchObject({
      code: 'ESP_AUTH_NOT_FOR_LIMITED',
    });
    const others = await site.send('GET', '/api/v1/tokens', lead.token);
    expect(others.json['items']).toMatchObject([{ administratorId: lead.id }]);
    expect(await tell('DELETE', `/api/v1/tokens/${victim.tokenId}`, lead.token)).toMatchObject({
      status: 404,
      code: 'ESP_API_TOKEN_UNKNOWN',
    });
    expect((await tell('GET', '/api/v1/whoami', victim.token)).status).toBe(200);
  });

  it('whoever guesses is slowed, whatever address they say that they come from', async () => {
    const guess = async (n: number) => {
      const headers = { 'x-forwarded-for': `192.0.2.${n}`, forwarded: `for=192.0.2.${n}` };
      return site.send('GET', '/api/v1/whoami', `esp_${'x'.repeat(43)}`, undefined, headers);
    };
    const codes = [];
    for (let n = 0; n < 25; n += 1) codes.push((await guess(n)).json['code']);
    expect(codes[0]).toBe('ESP_AUTH_TOKEN_INVALID');
    expect(codes.at(-1)).toBe('ESP_AUTH_TOO_MANY_FAILURES');
    const records = await site.db.query<{ address: string }>(
      "SELECT DISTINCT address FROM {audit_record} WHERE action = 'access.refused'",
    );
    expect(records.map(({ address }) => address)).toEqual(['127.0.0.1']);
    // Whoever has a good token is not held up.
    expect((await tell('GET', '/api/v1/whoami', lead.token)).status).toBe(200);
  });

  it('a token counts in its header only, where neither logs nor other sites see it', async () => {
    for (const path of [`/api/v1/whoami?access_token=${lead.token}`, `/api/v1/devices?token=${lead.token}`])
      expect((await site.console.send('GET', path)).json['code']).toBe('ESP_AUTH_TOKEN_MISSING');
    for (const header of ['cookie', 'x-api-key', 'x-auth-token', 'proxy-authorization']) {
      const headers = { [header]: `Bearer ${lead.token}` };
      expect((await site.console.send('GET', '/api/v1/whoami', { headers })).status).toBe(401);
    }
  });

  it('the idempotency key of somebody else finds nothing of theirs', async () => {
    const key = { 'idempotency-key': 'the-same' };
    const make = (token: string) => site.send('POST', '/api/v1/collections', token, newCollection({}), key);
    const mine = await make(lead.token);
    const theirs = await make(site.console.place.adminToken);
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(theirs.json['id']).not.toBe(mine.json['id']);
  });

  it('numbers of the library tell of deployments in reach, and of no others', async () => {
    const ask = async (token: string, name: string, filter: string) => {
      const path = `/AdminService/wmi/${name}?$filter=${encodeURIComponent(filter)}`;
      return (await site.send('GET', path, token)).json['value'] as Record<string, unknown>[];
    };
    const read = async (token: string, name: string, of: string) => {
      const [row] = await ask(token, name, `LocalizedDisplayName eq '${of}'`);
      const { IsDeployed, NumberOfDeployments, AssignedCount } = row ?? {};
      return [IsDeployed, NumberOfDeployments, AssignedCount];
    };
    for (const [name, side] of [
      ['inside set', site.inside],
      ['outside set', site.outside],
    ] as const) {
      const { id: ciId } = (await site.made('POST', '/api/v1/configuration-items', itemOf(name))).item;
      const baseline = { name, members: [{ ciId }] };
      const { id: thingId } = (await site.made('POST', '/api/v1/baselines', baseline)).item;
      const { collection: collectionId } = side;
      const what = { thingKind: 'baseline', thingId, collectionId, intent: 'required' };
      await site.made('POST', '/api/v1/deployments', what);
    }
    const admin = site.console.place.adminToken;
    const BASELINE = 'SMS_ConfigurationBaselineInfo';
    for (const token of [lead.token, admin]) {
      expect(await read(token, 'SMS_ConfigurationItem', 'inside')).toEqual([true, 1, undefined]);
      expect(await read(token, BASELINE, 'inside set')).toEqual([true, 1, 1]);
    }
    expect(await read(admin, 'SMS_ConfigurationItem', 'outside')).toEqual([true, 1, undefined]);
    expect(await read(admin, BASELINE, 'outside set')).toEqual([true, 1, 1]);
    expect(await read(lead.token, 'SMS_ConfigurationItem', 'outside')).toEqual([false, 0, undefined]);
    expect(await read(lead.token, BASELINE, 'outside set')).toEqual([false, 0, 0]);
    // Not by asking for those that are deployed either.
    const deployed = await ask(lead.token, 'SMS_ConfigurationItem', 'NumberOfDeployments gt 0');
    expect(deployed.map((row) => row['LocalizedDisplayName'])).not.toContain('outside');
  });

  it('ids that are spelt otherwise are the same ids, or none', async () => {
    const { device } = site.outside;
    for (const spelling of [
      `0${device}`,
      `+${device}`,
      `${device}.0`,
      `0x${device.toString(16)}`,
      `%20${device}`,
    ])
      for (const path of [`/api/v1/devices/${spelling}`, `/api/v1/devices/${spelling}/variables`])
        expect((await tell('GET', path, lead.token)).status).toBe(404);
    const { root } = site.outside;
    expect((await tell('GET', `/api/v1/collections/${root.toLowerCase()}`, lead.token)).status).toBe(404);
    expect((await tell('GET', `/api/v1/collections/${site.inside.root}/../${root}`, lead.token)).status).toBe(
      404,
    );
  });
});
