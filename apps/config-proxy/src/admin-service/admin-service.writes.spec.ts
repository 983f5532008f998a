import { evaluatePolicy, mdmPolicyInterface, requestInventory } from '@espalier/contracts';
import { connectMessaging, type Messaging } from '@espalier/messaging';
import { silentLogger } from '../config-proxy.fixture.js';
import { AdminServiceHarness, FIRST_DEVICE, type ODataAnswer } from './admin-service.fixture.js';

const direct = (ResourceID: number) => ({
  '@odata.type': '#AdminService.SMS_CollectionRuleDirect',
  ResourceClassName: 'SMS_R_System',
  ResourceID,
  RuleName: 'by hand',
});
const query = (RuleName: string, name: string) => ({
  '@odata.type': '#AdminService.SMS_CollectionRuleQuery',
  RuleName,
  QueryExpression: `select * from SMS_R_System where Name like "${name}"`,
});
const members = (id: string): string =>
  `wmi/SMS_FullCollectionMembership?$filter=CollectionID eq '${id}'&$orderby=Name`;
const named = ({ json }: ODataAnswer): unknown[] => json.value.map((row) => row['Name']);

describe('the AdminService-compatible door, written', () => {
  let site: AdminServiceHarness;
  let policy: Messaging;
  const evaluated: string[][] = [];
  const asked: string[][] = [];
  let number = 0;
  beforeAll(async () => {
    site = await AdminServiceHarness.start();
    policy = connectMessaging({
      service: mdmPolicyInterface,
      servers: [site.nats.url],
      logger: silentLogger,
      replica: 'spec',
    });
    const serving = [
      policy.serve(evaluatePolicy, ({ enrollmentIds }) => {
        evaluated.push(enrollmentIds);
        return { scheduled: enrollmentIds.length };
      }),
      site.peer.messaging.serve(requestInventory, ({ enrollmentIds }) => {
        asked.push(enrollmentIds);
        return { queued: enrollmentIds.length, skipped: [] };
      }),
    ];
    await policy.whenReady(10_000);
    await Promise.all(serving.map((registration) => registration.active));
  }, 60_000);
  afterAll(async () => {
    await policy.drain(2_000);
    await site.stop();
  });

  const create = async (body: object = {}): Promise<string> => {
    number += 1;
    const { status, headers, json, text } = await site.admin('POST', 'wmi/SMS_Collection', {
      Name: `Collection ${number}`,
      CollectionType: 2,
      LimitToCollectionID: 'SMS00001',
      ...body,
    });
    if (status !== 201) throw new Error(text);
    const id = String(json['CollectionID']);
    expect(headers.location).toMatch(new RegExp(`/AdminService/wmi/SMS_Collection\\('${id}'\\)$`));
    return id;
  };
  const call = (id: string, method: string, body?: object): Promise<ODataAnswer> =>
    site.admin('POST', `wmi/SMS_Collection('${id}')/AdminService.${method}`, body);

  it('makes a collection that shows its lazy properties where it is got by its key', async () => {
    const id = await create({
      Comment: 'for the spec',
      RefreshType: 2,
      RefreshSchedule: [
        {
          '@odata.type': '#AdminService.SMS_ST_RecurInterval',
          HourSpan: 12,
          StartTime: '2026-01-01T00:00:00Z',
        },
      ],
      CollectionRules: [query('lab', 'Lab%'), direct(FIRST_DEVICE + 2)],
    });
    expect(id).toMatch(/^TST/);
    const { json } = await site.admin('GET', `wmi/SMS_Collection('${id}')`);
    expect(json.value).toMatchObject([
      {
        CollectionID: id,
        Comment: 'for the spec',
        RefreshType: 2,
        LimitToCollectionName: 'All Systems',
        MemberClassName: `SMS_CM_RES_COLL_${id}`,
        __LAZYPROPERTIES: ['CollectionRules', 'RefreshSchedule'],
        RefreshSchedule: [{ '@odata.type': '#AdminService.SMS_ST_RecurInterval', HourSpan: 12 }],
        CollectionRules: [
          { '@odata.type': '#AdminService.SMS_CollectionRuleQuery', RuleName: 'lab' },
          { '@odata.type': '#AdminService.SMS_CollectionRuleDirect', ResourceID: FIRST_DEVICE + 2 },
        ],
      },
    ]);
    expect(named(await site.until(members(id), ({ json }) => json.value.length === 3))).toEqual([
      "Ann's Mac",
      'Lab Mac',
      'Lab Mini',
    ]);
    const list = await site.admin('GET', `wmi/SMS_Collection?$filter=CollectionID eq '${id}'`);
    expect(list.json.value[0]).not.toHaveProperty('CollectionRules');
  });

  it('takes what it gave: an object that was got can be put back whole', async () => {
    const id = await create({ CollectionRules: [query('lab', 'Lab%'), direct(FIRST_DEVICE)] });
    const path = `wmi/SMS_Collection('${id}')`;
    const [before] = (await site.admin('GET', path)).json.value;
    expect((await site.admin('PUT', path, { ...before, Comment: 'changed' })).status).toBe(200);
    const [after] = (await site.admin('GET', path)).json.value;
    expect(after).toMatchObject({
      Comment: 'changed',
      Name: before?.['Name'],
      CollectionRules: before?.['CollectionRules'],
    });
  });

  it('takes names in any letter case, numbers as texts, and what stands alone for a list of one', async () => {
    const made = await site.admin('POST', 'wmi/SMS_Collection', {
      name: 'Any case',
      collectiontype: '2',
      LimitToCollectionId: 'SMS00001',
      RefreshType: '2',
      collectionRules: [{ ...direct(FIRST_DEVICE), ResourceID: undefined, ResourceId: String(FIRST_DEVICE) }],
    });
    expect([made.status, made.json]).toMatchObject([
      201,
      {
        Name: 'Any case',
        LimitToCollectionID: 'SMS00001',
        RefreshType: 2,
        // ConfigMgr's own, where a script asks for a periodic refresh and cannot say when.
        RefreshSchedule: [{ '@odata.type': '#AdminService.SMS_ST_RecurInterval', DaySpan: 7 }],
        CollectionRules: [{ ResourceID: FIRST_DEVICE }],
      },
    ]);
    const id = String(made.json['CollectionID']);
    const patched = await site.admin('PATCH', `wmi/SMS_Collection('${id}')`, {
      COMMENT: 'c',
      refreshtype: 1,
    });
    expect(patched.json).toMatchObject({ Comment: 'c', RefreshType: 1, RefreshSchedule: [] });
    const settings = { machineVariables: [{ name: 'Room', value: 'B12' }] };
    const put = await site.admin('PUT', `wmi/SMS_MachineSettings(${FIRST_DEVICE})`, settings);
    expect(put.json['MachineVariables']).toEqual([{ Name: 'Room', Value: 'B12', IsMasked: false }]);
    // Understood, and not possible here.
    const operation = { type: '22', targetCollectionID: 'SMS00001', targetResourceIDs: FIRST_DEVICE };
    expect((await initiate(operation)).status).toBe(501);
  });

  it('changes single properties, and refuses what cannot be written', async () => {
    const id = await create();
    const path = `wmi/SMS_Collection('${id}')`;
    const patched = await site.admin('PATCH', path, { Name: 'Renamed', RefreshType: 4 });
    expect([patched.status, patched.json['Name'], patched.json['RefreshType']]).toEqual([200, 'Renamed', 4]);
    const refused = await site.admin('PATCH', path, { MemberCount: 7 });
    expect([refused.status, refused.json.error.innererror.code]).toEqual([
      400,
      'ESP_ADMIN_SERVICE_REQUEST_INVALID',
    ]);
    expect((await site.admin('PATCH', path, { Name: '' })).status).toBe(400);
    const builtIn = await site.admin('PATCH', "wmi/SMS_Collection('SMS00001')", { Comment: 'mine' });
    expect(builtIn.json.error.innererror.code).toBe('ESP_COLLECTION_BUILT_IN');
    const nameless = await site.admin('POST', 'wmi/SMS_Collection', { CollectionType: 2 });
    expect([nameless.status, nameless.json.error.message]).toEqual([
      400,
      expect.stringContaining('The body needs Name.'),
    ]);
  });

  it('adds and deletes rules, one by one and many at once', async () => {
    const id = await create();
    const made = await call(id, 'AddMembershipRule', { collectionRule: direct(FIRST_DEVICE) });
    expect([made.status, made.json]).toMatchObject([201, { ReturnValue: 0 }]);
    expect(made.json['@odata.context']).toMatch(/#__PARAMETERS$/);
    await call(id, 'AddMembershipRules', {
      collectionRules: [direct(FIRST_DEVICE + 1), query('a', 'Ann%'), query('b', 'nobody%')],
    });
    expect((await site.until(members(id), ({ json }) => json.value.length === 3)).status).toBe(200);
    const include = {
      '@odata.type': '#AdminService.SMS_CollectionRuleExcludeCollection',
      ExcludeCollectionID: 'SMS00001',
    };
    expect((await call(id, 'AddMembershipRule', { collectionRule: include })).status).toBe(201);
    await site.until(members(id), ({ json }) => json.value.length === 0);
    expect((await call(id, 'DeleteMembershipRule', { collectionRule: include })).status).toBe(201);
    await call(id, 'DeleteMembershipRules', { collectionRules: [direct(FIRST_DEVICE), query('a', 'Ann%')] });
    expect(named(await site.until(members(id), ({ json }) => json.value.length === 1))).toEqual(['Lab Mini']);
    const gone = await call(id, 'DeleteMembershipRule', { collectionRule: query('a', '') });
    expect(gone.json.error.innererror.code).toBe('ESP_COLLECTION_RULE_UNKNOWN');
  });

  it.each([
    ['nothing', {}],
    ['no type', { collectionRule: { RuleName: 'x' } }],
    ['no resource', { collectionRule: { '@odata.type': '#AdminService.SMS_CollectionRuleDirect' } }],
    ['a resource that does not exist', { collectionRule: direct(1) }],
    ['a query that is none', { collectionRule: { ...query('x', ''), QueryExpression: 'drop table' } }],
    ['no rules', { collectionRules: [] }],
    ['a list', []],
  ])('refuses a rule that is %s, and changes nothing', async (_what, body) => {
    const id = await create();
    expect((await call(id, 'AddMembershipRule', body)).status).toBe(400);
    expect((await site.admin('GET', `wmi/SMS_Collection('${id}')`)).json.value).toMatchObject([
      { CollectionRules: [] },
    ]);
  });

  it('evaluates and deletes collections; built-in ones stay', async () => {
    const id = await create();
    expect((await call(id, 'RequestRefresh')).status).toBe(201);
    expect(
      (await site.admin('POST', `wmi/SMS_Collection/${id}/AdminService.requestrefresh`, {})).status,
    ).toBe(201);
    expect((await site.admin('DELETE', `wmi/SMS_Collection/${id}`)).status).toBe(204);
    expect((await site.admin('DELETE', `wmi/SMS_Collection('${id}')`)).status).toBe(404);
    expect((await site.admin('DELETE', "wmi/SMS_Collection('SMS00001')")).status).toBe(409);
  });

  it('keeps variables, and a masked one is never shown', async () => {
    const path = `wmi/SMS_MachineSettings(${FIRST_DEVICE})`;
    const variables = [
      { Name: 'Room', Value: 'B12', IsMasked: false },
      { Name: 'Secret', Value: 'hush', IsMasked: true },
    ];
    expect((await site.admin('PUT', path, { MachineVariables: variables })).status).toBe(200);
    const { json, text } = await site.admin('GET', path);
    expect(json.value[0]?.['MachineVariables']).toEqual([
      { Name: 'Room', Value: 'B12', IsMasked: false },
      { Name: 'Secret', Value: '', IsMasked: true },
    ]);
    expect(text).not.toContain('hush');
    expect((await site.admin('PUT', path, json.value[0])).status).toBe(200);
    const id = await create();
    const settings = { CollectionID: id, CollectionVariables: variables.slice(0, 1) };
    expect(
      (await site.admin('POST', 'wmi/SMS_CollectionSettings', settings)).json['CollectionVariables'],
    ).toEqual(variables.slice(0, 1));
    expect((await site.admin('PUT', path, {})).status).toBe(400);
  });

  it('sets, shows and deletes extension data, which queries see', async () => {
    const device = `v1.0/Device(${FIRST_DEVICE})/AdminService`;
    const set = await site.admin('POST', `${device}.SetExtensionData`, {
      ExtensionData: { AssetTag: '0815', Owner: 'Ann' },
    });
    const whose = { InstanceKey: FIRST_DEVICE, ExtendedType: 'Device' };
    expect([set.status, set.json]).toMatchObject([200, { ...whose, AssetTag: '0815', Owner: 'Ann' }]);
    const found =
      "wmi/SMS_G_System_ExtensionData?$filter=PropertyName eq 'assettag' and PropertyValue eq '0815'";
    expect((await site.admin('GET', found)).json.value).toMatchObject([{ ResourceID: FIRST_DEVICE }]);
    const shown = async (path: string): Promise<unknown> => (await site.admin('GET', path)).json;
    const one = { ...whose, '@odata.context': expect.stringMatching(/#AdminService\.ExtensionData$/) };
    expect(await shown(`${device}.GetExtensionData(PropertyName='owner')`)).toEqual({ ...one, Owner: 'Ann' });
    // Of all devices.
    const other = { ExtensionData: { AssetTag: '0816' } };
    await site.admin('POST', `v1.0/Device(${FIRST_DEVICE + 2})/AdminService.SetExtensionData`, other);
    expect(await shown('v1.0/Device/AdminService.GetExtensionData')).toMatchObject({
      value: [
        { ...whose, AssetTag: '0815', Owner: 'Ann' },
        { InstanceKey: FIRST_DEVICE + 2, AssetTag: '0816' },
      ],
    });
    await site.admin('POST', `${device}.DeleteExtensionData`, { propertyNames: 'Owner' });
    expect(await shown(`${device}.GetExtensionData`)).toEqual({ ...one, AssetTag: '0815' });
    // Without names everything goes: what is not understood must not be taken for that.
    for (const wrong of [{ PropertyName: 'Owner' }, { PropertyNames: null }, { ExtensionData: null }])
      expect((await site.admin('POST', `${device}.DeleteExtensionData`, wrong)).status).toBe(400);
    expect(await shown(`${device}.GetExtensionData`)).toEqual({ ...one, AssetTag: '0815' });
    await site.admin('POST', `${device}.DeleteExtensionData`, {});
    expect(await shown(`${device}.GetExtensionData`)).toEqual(one);
    expect((await site.admin('POST', `${device}.SetExtensionData`, { ExtensionData: [] })).status).toBe(400);
  });

  it('says who uses a device, as public scripts do, and takes it back', async () => {
    const tied = `wmi/SMS_UserMachineRelationship?$filter=ResourceID eq ${FIRST_DEVICE + 1}`;
    const relate = (UserAccountName: string) =>
      site.admin('POST', 'wmi/SMS_UserMachineRelationship.CreateRelationship', {
        MachineResourceId: FIRST_DEVICE + 1,
        SourceId: 6,
        TypeId: 1,
        UserAccountName,
      });
    const [made, again] = [await relate('Jane'), await relate('jane')];
    expect([made.status, made.json['ReturnValue'], again.status]).toEqual([201, 0, 201]);
    const { json } = await site.admin('GET', tied);
    expect(json.value).toMatchObject([{ UniqueUserName: 'jane', IsPrimary: true, Sources: [2] }]);
    const nobody = await relate('CORP\\nobody');
    expect([nobody.status, nobody.json.error.innererror.code]).toEqual([404, 'ESP_RESOURCE_UNKNOWN']);
    const key = `ResourceID=${FIRST_DEVICE + 1},UserResourceID=${String(json.value[0]?.['UserResourceID'])}`;
    expect((await site.admin('DELETE', `wmi/SMS_UserMachineRelationship(${key})`)).status).toBe(204);
    expect((await site.admin('GET', tied)).json.value).toEqual([]);
  });

  const initiate = (body: object): Promise<ODataAnswer> =>
    site.admin('POST', 'wmi/SMS_ClientOperation.InitiateClientOperation', body);

  it('has devices evaluated and asked, and says how far it is', async () => {
    const begun = await initiate({
      Type: 8,
      TargetCollectionID: 'SMS00001',
      RandomizationWindow: 1,
      TargetResourceIDs: [FIRST_DEVICE, FIRST_DEVICE + 1],
    });
    expect([begun.status, begun.json]).toMatchObject([
      201,
      { ReturnValue: 0, OperationID: expect.any(Number) },
    ]);
    const path = `wmi/SMS_ClientOperation(${Number(begun.json['OperationID'])})`;
    const { json } = await site.until(path, (answer) => answer.json.value[0]?.['State'] === 2);
    expect(json.value).toMatchObject([{ Type: 8, TotalClients: 2, CompletedClients: 2, FailedClients: 0 }]);
    expect(evaluated.flat()).toEqual(['UDID-1', 'UDID-2']);
    const all = await initiate({ Type: 12, TargetCollectionID: 'SMS00001' });
    await site.until(
      `wmi/SMS_ClientOperationStatus(${Number(all.json['OperationID'])})`,
      (answer) => answer.json.value[0]?.['State'] === 2,
    );
    expect(asked.flat()).toEqual(['UDID-1', 'UDID-2', 'UDID-3']);
  });

  it.each([
    [{ Type: 22, TargetCollectionID: 'SMS00001' }, 501, 'ESP_ADMIN_SERVICE_NOT_SUPPORTED'],
    [{ Type: 8, TargetCollectionID: 'XXX00001' }, 404, 'ESP_COLLECTION_UNKNOWN'],
    [
      { Type: 8, TargetCollectionID: 'SMS00001', TargetResourceIDs: [7] },
      400,
      'ESP_ADMIN_SERVICE_REQUEST_INVALID',
    ],
    [{ Type: 'x' }, 400, 'ESP_ADMIN_SERVICE_REQUEST_INVALID'],
  ])('refuses the operation %j', async (body, status, code) => {
    const answer = await initiate(body);
    expect([answer.status, answer.json.error.innererror.code]).toEqual([status, code]);
  });
});
