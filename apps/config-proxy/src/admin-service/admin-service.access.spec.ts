import { allApiScopes, type ApiScope } from '@espalier/contracts';
import { AdminServiceHarness, FIRST_DEVICE } from './admin-service.fixture.js';
import { adminServices } from './class.catalogue.js';

const { wmi, 'v1.0': newer } = adminServices('TST');
const Param = Buffer.from("<ScriptContent ScriptGuid='A1B2C3D4-0000-4000-8000-00000000000A'/>").toString(
  'base64',
);
const reads = [wmi, newer].flatMap(({ route, entities }) =>
  entities.flatMap(({ name, scope }): [path: string, scope: ApiScope][] =>
    scope === 'any' ? [] : [[`${route}/${name}`, scope]],
  ),
);
const device = `v1.0/Device(${FIRST_DEVICE})/AdminService`;
const SCRIPT = 'A1B2C3D4-0000-4000-8000-00000000000A';
const collection = "wmi/SMS_Collection('SMS00001')";

/** Every method and every write with the scope that it needs. Written by hand on purpose. */
const calls: readonly (readonly [method: string, path: string, scope: ApiScope])[] = [
  ['POST', 'wmi/SMS_Collection', 'collections:write'],
  ['PUT', collection, 'collections:write'],
  ['PATCH', collection, 'collections:write'],
  ['DELETE', collection, 'collections:write'],
  ['POST', `${collection}/AdminService.AddMembershipRule`, 'collections:write'],
  ['POST', `${collection}/AdminService.AddMembershipRules`, 'collections:write'],
  ['POST', `${collection}/AdminService.DeleteMembershipRule`, 'collections:write'],
  ['POST', `${collection}/AdminService.DeleteMembershipRules`, 'collections:write'],
  ['POST', `${collection}/AdminService.RequestRefresh`, 'collections:write'],
  ['PUT', "wmi/SMS_CollectionSettings('SMS00001')", 'collections:write'],
  ['POST', 'wmi/SMS_CollectionSettings', 'collections:write'],
  ['PUT', `wmi/SMS_MachineSettings(${FIRST_DEVICE})`, 'devices:write'],
  ['POST', 'wmi/SMS_MachineSettings', 'devices:write'],
  ['POST', 'wmi/SMS_ClientOperation.InitiateClientOperation', 'devices:push'],
  ['POST', 'wmi/SMS_ClientOperation/InitiateClientOperationEx', 'devices:push'],
  ['POST', 'wmi/SMS_Scripts.CreateScripts', 'scripts:write'],
  ['DELETE', `wmi/SMS_Scripts('${SCRIPT}')`, 'scripts:write'],
  ['POST', `wmi/SMS_Scripts/${SCRIPT}/AdminService.UpdateApprovalState`, 'approvals:decide'],
  ['DELETE', `wmi/SMS_R_System(${FIRST_DEVICE})`, 'devices:write'],
  ['DELETE', `v1.0/Device(${FIRST_DEVICE})`, 'devices:write'],
  ['POST', 'wmi/SMS_UserMachineRelationship.CreateRelationship', 'devices:write'],
  ['DELETE', 'wmi/SMS_UserMachineRelationship(ResourceID=1,UserResourceID=2)', 'devices:write'],
  ['POST', `${device}.SetExtensionData`, 'devices:write'],
  ['GET', `${device}.GetExtensionData`, 'devices:read'],
  ['GET', 'v1.0/Device/AdminService.GetExtensionData', 'devices:read'],
  ['GET', 'wmi/SMS_CM_RES_COLL_SMS00001', 'collections:read'],
  ['POST', `${device}.DeleteExtensionData`, 'devices:write'],
  ['POST', `${device}.RunCMPivot`, 'scripts:run'],
  ['POST', `${device}.RunScript`, 'scripts:run'],
  ['GET', `${device}.CMPivotResult(OperationId=1)`, 'scripts:read'],
  ['GET', `${device}.CMPivotResultV2(OperationId=1)`, 'scripts:read'],
  ['GET', `${device}.ScriptResult(OperationId=1)`, 'scripts:read'],
  ['POST', "v1.0/Collections('SMS00001')/AdminService.RunCMPivot", 'scripts:run'],
  ['POST', "v1.0/Collections('SMS00001')/AdminService.RunScript", 'scripts:run'],
  ['GET', "v1.0/Collections('SMS00001')/AdminService.CMPivotResult(OperationId=1)", 'scripts:read'],
  ['GET', "v1.0/Collections('SMS00001')/AdminService.ScriptResult(OperationId=1)", 'scripts:read'],
  [
    'POST',
    'v1.0/Application(A1B2C3D4-0000-4000-8000-00000000000A)/AdminService.InstallApplication',
    'deployments:write',
  ],
];

describe('who may do what through the AdminService-compatible door', () => {
  let site: AdminServiceHarness;
  beforeAll(async () => {
    site = await AdminServiceHarness.start();
  }, 60_000);
  afterAll(() => site.stop());

  const all = [...reads.map(([path, scope]) => ['GET', path, scope] as const), ...calls];
  it.each(all)('%s %s needs %s, and nothing else will do', async (method, path, scope) => {
    const body = method === 'GET' || method === 'DELETE' ? undefined : {};
    const others = allApiScopes.filter((other) => other !== scope);
    const refused = await site.as(others, method, path, body);
    expect([refused.status, refused.json.error.innererror.code]).toEqual([403, 'ESP_AUTH_SCOPE_MISSING']);
    expect(refused.json.error.message).toContain(scope);
    const { json } = await site.as([scope], method, path, body);
    expect(json.error?.innererror.code).not.toBe('ESP_AUTH_SCOPE_MISSING');
  });

  it('shows the site, the classes and the metadata to whoever is known', async () => {
    for (const path of ['wmi/SMS_Site', 'wmi/', 'v1.0/', 'wmi/$metadata', 'v1.0/$metadata'])
      expect((await site.as(['events:read'], 'GET', path)).status).toBe(200);
    const open = [...wmi.entities, ...newer.entities].filter(({ scope }) => scope === 'any');
    expect(open.map(({ name }) => name)).toEqual(['SMS_Site']);
  });

  it('names every method of every class', () => {
    const named = [...wmi.entities, ...newer.entities].flatMap(({ name, methods = [] }) =>
      methods.map((method) => `${name}.${method.name}`),
    );
    const tested = (method: string): boolean =>
      calls.some(([, path]) => path.includes(`.${method.split('.')[1] ?? ''}`));
    expect(named.filter((method) => !tested(method))).toEqual([]);
  });

  describe('limited to a collection', () => {
    let token: string;
    let id: string;
    beforeAll(async () => {
      const made = await site.admin('POST', 'wmi/SMS_Collection', {
        Name: 'Minis',
        LimitToCollectionID: 'SMS00001',
        CollectionRules: [
          {
            '@odata.type': '#AdminService.SMS_CollectionRuleDirect',
            ResourceID: FIRST_DEVICE + 1,
            RuleName: 'Lab Mini',
          },
        ],
      });
      id = String(made.json['CollectionID']);
      await site.until(
        `wmi/SMS_FullCollectionMembership?$filter=CollectionID eq '${id}'`,
        ({ json }) => json.value.length === 1,
      );
      token = await site.limitedTo(id);
    }, 30_000);
    const get = (path: string) => site.send('GET', path, { token });
    const names = async (path: string): Promise<unknown[]> =>
      (await get(path)).json.value.map((row) => row['Name']);

    it.each([
      'wmi/SMS_R_System',
      'wmi/SMS_CombinedDeviceResources',
      'v1.0/Device',
      'wmi/SMS_FullCollectionMembership',
    ])('%s shows the devices of the collection only', async (path) => {
      expect(await names(path)).toEqual(['Lab Mini']);
    });

    it('shows the collection only, and the site', async () => {
      expect(await names('wmi/SMS_Collection')).toEqual(['Minis']);
      expect(await names('v1.0/Collections')).toEqual(['Minis']);
      expect((await get('wmi/SMS_Site')).json.value).toHaveLength(1);
      expect((await get('wmi/SMS_R_System/$count')).text).toBe('1');
    });

    it.each([
      `wmi/SMS_R_System(${FIRST_DEVICE})`,
      `v1.0/Device(${FIRST_DEVICE})/ResourceCollectionMembership`,
      `${device}.GetExtensionData`,
      `wmi/SMS_MachineSettings(${FIRST_DEVICE})`,
      collection,
      'wmi/SMS_CM_RES_COLL_SMS00001',
      'wmi/SMS_CM_RES_COLL_SMS00001/$count',
      "wmi/SMS_CollectionSettings('SMS00001')",
    ])('%s does not exist', async (path) => {
      expect((await get(path)).json.error).toMatchObject({
        code: '404',
        innererror: { code: 'ESP_ADMIN_SERVICE_UNKNOWN' },
      });
    });

    it('leads to nothing outside', async () => {
      const path = `v1.0/Device(${FIRST_DEVICE + 1})/ResourceCollectionMembership?$expand=Collection`;
      const { json } = await get(path);
      expect(json.value.map(({ CollectionID }) => CollectionID)).toEqual([id]);
      expect(json.value).toMatchObject([{ Collection: { CollectionID: id } }]);
    });

    it('shows the extension data of no other device', async () => {
      for (const deviceId of [FIRST_DEVICE, FIRST_DEVICE + 1])
        await site.admin('POST', `v1.0/Device(${deviceId})/AdminService.SetExtensionData`, {
          ExtensionData: { Tag: 'x' },
        });
      const { json } = await get('v1.0/Device/AdminService.GetExtensionData');
      expect(json.value).toEqual([{ InstanceKey: FIRST_DEVICE + 1, ExtendedType: 'Device', Tag: 'x' }]);
    });

    it.each([
      ['POST', `${collection}/AdminService.RequestRefresh`, {}, 404],
      ['DELETE', collection, undefined, 404],
      ['DELETE', `wmi/SMS_R_System(${FIRST_DEVICE})`, undefined, 404],
      ['POST', `${device}.SetExtensionData`, { ExtensionData: { a: 'b' } }, 404],
      [
        'POST',
        'wmi/SMS_ClientOperation.InitiateClientOperation',
        { Type: 8, TargetCollectionID: 'SMS00001' },
        404,
      ],
      ['POST', `${device}.RunScript`, { ScriptGuid: SCRIPT }, 404],
      ['POST', `${device}.RunCMPivot`, { InputQuery: 'OS' }, 404],
      ['POST', "v1.0/Collections('SMS00001')/AdminService.RunCMPivot", { InputQuery: 'OS' }, 404],
      [
        'POST',
        'wmi/SMS_ClientOperation.InitiateClientOperation',
        { Type: 17, TargetCollectionID: 'SMS00001' },
        404,
      ],
      [
        'POST',
        'wmi/SMS_ClientOperation.InitiateClientOperation',
        { Type: 135, Param, TargetCollectionID: 'SMS00001' },
        404,
      ],
      [
        'POST',
        'wmi/SMS_ClientOperation.InitiateClientOperation',
        { Type: 135, Param, TargetResourceIDs: [FIRST_DEVICE] },
        404,
      ],
      ['POST', 'wmi/SMS_Collection', { Name: 'x', LimitToCollectionID: 'SMS00001' }, 404],
      ['POST', 'wmi/SMS_MachineSettings', { ResourceID: FIRST_DEVICE, MachineVariables: [] }, 404],
    ])('%s %s is as if it did not exist', async (method, path, body, status) => {
      const answer = await site.send(method, path, { token, body });
      expect([answer.status, answer.json.error.code]).toEqual([status, String(status)]);
    });

    it('says nothing of who uses which device', async () => {
      const path = 'wmi/SMS_UserMachineRelationship.CreateRelationship';
      const body = { MachineResourceId: FIRST_DEVICE + 1, UserAccountName: 'jane' };
      const answer = await site.send('POST', path, { token, body });
      expect([answer.status, answer.json.error.innererror.code]).toEqual([403, 'ESP_AUTH_NOT_FOR_LIMITED']);
    });

    it('shares no reading of a list with people who see more of it', async () => {
      const path = 'wmi/SMS_R_System?$count=true&$top=100';
      const answers = await Promise.all(
        Array.from({ length: 24 }, (_, n) => (n % 2 === 0 ? get(path) : site.admin('GET', path))),
      );
      const seen = answers.map(({ json }) => [json['@odata.count'], json.value.map((row) => row['Name'])]);
      const all = (await site.admin('GET', path)).json.value.length;
      expect(seen.filter((_, n) => n % 2 === 0)).toEqual(Array.from({ length: 12 }, () => [1, ['Lab Mini']]));
      expect(seen.filter((_, n) => n % 2 === 1).map(([count]) => count)).toEqual(
        Array.from({ length: 12 }, () => all),
      );
      expect(all).toBeGreaterThan(1);
    });

    it('does not change who is in what it is limited to', async () => {
      const rule = { '@odata.type': '#AdminService.SMS_CollectionRuleDirect', ResourceID: FIRST_DEVICE + 1 };
      const path = `wmi/SMS_Collection('${id}')/AdminService.AddMembershipRule`;
      const answer = await site.send('POST', path, { token, body: { collectionRule: rule } });
      expect(answer.json.error.innererror.code).toBe('ESP_AUTH_NOT_FOR_LIMITED');
    });
  });
});
