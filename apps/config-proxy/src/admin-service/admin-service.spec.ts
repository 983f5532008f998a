import { commonErrors } from '@espalier/contracts';
import { AdminServiceHarness, FIRST_DEVICE } from './admin-service.fixture.js';
import { adminServices } from './class.catalogue.js';
import { ClassStore } from './class.store.js';

const { wmi, 'v1.0': newer } = adminServices('TST');

describe('the AdminService-compatible door, read', () => {
  let site: AdminServiceHarness;
  beforeAll(async () => {
    site = await AdminServiceHarness.start();
  }, 60_000);
  afterAll(() => site.stop());

  it('answers what every script asks first', async () => {
    const { status, json, headers } = await site.admin('GET', 'wmi/SMS_Site');
    expect(status).toBe(200);
    expect(headers['odata-version']).toBe('4.0');
    expect(json.value).toMatchObject([
      { SiteCode: 'TST', Type: 2, ServerName: '127.0.0.1', __CLASS: 'SMS_Site', Version: '5.00.9128.1000' },
    ]);
  });

  it.each(wmi.entities.map(({ name }) => name))('lists %s, in the order of each column', async (name) => {
    const entity = wmi.entities.find((item) => item.name === name);
    const { status, json, text } = await site.admin('GET', `wmi/${name}`);
    expect([status, text]).toEqual([200, expect.any(String)]);
    expect(Array.isArray(json.value)).toBe(true);
    for (const { name: column, source, isCollection } of entity?.properties ?? []) {
      if (source === undefined || isCollection === true) continue;
      const path = `wmi/${name}?$orderby=${column} desc&$filter=${column} ne null&$select=${column}&$top=2`;
      const answer = await site.admin('GET', path);
      expect([path, answer.status, answer.json.error]).toEqual([path, 200, undefined]);
    }
  });

  it.each(newer.entities.map(({ name }) => name))('lists v1.0/%s', async (name) => {
    const { status, json } = await site.admin('GET', `v1.0/${name}`);
    expect([status, json.error]).toEqual([200, undefined]);
  });

  it('shows a Mac as SMS_R_System, arrays and all', async () => {
    const { json } = await site.admin('GET', `wmi/SMS_R_System(${FIRST_DEVICE})`);
    expect(json.value).toMatchObject([
      {
        '@odata.etag': String(FIRST_DEVICE),
        ResourceId: FIRST_DEVICE,
        ResourceType: 5,
        Name: 'Lab Mac',
        Client: 1,
        OperatingSystemNameandVersion: 'Mac OS X 15.1',
        MACAddresses: ['AA:BB:CC:00:00:01', 'AA:BB:CC:00:00:02', 'AA:BB:CC:00:00:03'],
        SMSAssignedSites: ['TST'],
        ResourceNames: ['Lab Mac'],
        AgentName: ['MDM enrollment', 'MDM device information'],
        AgentSite: ['TST', 'TST'],
        AgentTime: expect.arrayContaining(['1970-01-01T00:00:03Z']),
      },
    ]);
  });

  it('shows one property of an object', async () => {
    const { json } = await site.admin('GET', `wmi/SMS_R_System(${FIRST_DEVICE})/name`);
    expect(json).toEqual({
      '@odata.context': expect.stringMatching(/\/wmi\/\$metadata#SMS_R_System\(16777219\)\/Name$/),
      value: 'Lab Mac',
    });
  });

  it.each([
    ["wmi/SMS_R_System?$filter=startswith(Name,'LAB') eq true", ['Lab Mac', 'Lab Mini']],
    ["wmi/SMS_R_System?$filter=SMSAssignedSites/any(s: s eq 'TST') and Name eq 'lab mac'", ['Lab Mac']],
    [
      "wmi/SMS_R_System?$filter=MACAddresses/any(m: m eq 'aa:bb:cc:00:00:01')&$orderby=Name desc",
      ['Lab Mini', 'Lab Mac', "Ann's Mac"],
    ],
    ["wmi/SMS_R_System?$filter=MACAddresses/any(m: m eq 'nothing')", []],
    ["wmi/SMS_R_System?$filter=Name+eq+'Ann''s+Mac'", ["Ann's Mac"]],
    ['wmi/SMS_R_System?%24filter=contains(Name,%27mini%27)', ['Lab Mini']],
    ['wmi/SMS_R_System?$skip=1&$top=1', ['Lab Mini']],
    ['wmi//sms_r_system?$top=1', ['Lab Mac']],
    [
      'WMI/SMS_CombinedDeviceResources?$filter=IsClient eq true and ClientEdition eq 5&$top=1&$select=Name',
      ['Lab Mac'],
    ],
    [`v1.0/Device(${FIRST_DEVICE + 1})`, ['Lab Mini']],
    ['v1.0/Device?$filter=MachineId gt 16777219&$orderby=Name', ["Ann's Mac", 'Lab Mini']],
    ["wmi/SMS_Collection('SMS00001')", ['All Systems']],
    ['wmi/SMS_Collection/SMS00001', ['All Systems']],
    ["wmi/SMS_FullCollectionMembership(CollectionID='SMS00001',ResourceID=16777219)", ['Lab Mac']],
    ['wmi/SMS_CM_RES_COLL_SMS00001?$orderby=Name desc', ['Lab Mini', 'Lab Mac', "Ann's Mac"]],
    ['wmi/sms_cm_res_coll_sms00001(16777220)', ['Lab Mini']],
  ])('answers %s', async (path, names) => {
    expect(await site.names(path)).toEqual(names);
  });

  it('pages through a list by links, without repeating or hiding anybody', async () => {
    const seen: unknown[] = [];
    let path: string | undefined = 'wmi/SMS_R_System?$orderby=Name desc&$select=Name&$top=3';
    const { json } = await site.admin('GET', `${path}&$count=true`);
    expect(json['@odata.count']).toBe(3);
    expect(json['@odata.nextLink']).toBeUndefined();
    for (path = 'wmi/SMS_R_System?$orderby=Name desc&$top=1'; seen.length < 3;) {
      const page = await site.admin('GET', `${path}&$skip=${seen.length}`);
      seen.push(page.json.value[0]?.['Name']);
    }
    expect(seen).toEqual(['Lab Mini', 'Lab Mac', "Ann's Mac"]);
  });

  it('sends a long list in parts, whole and with its count', async () => {
    const devices = [FIRST_DEVICE, FIRST_DEVICE + 1, FIRST_DEVICE + 2];
    const ExtensionData = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`Property${index}`, `Value "${index}" é`]),
    );
    for (const id of devices)
      await site.admin('POST', `v1.0/Device(${id})/AdminService.SetExtensionData`, { ExtensionData });
    const list = 'wmi/SMS_G_System_ExtensionData?$count=true';
    const { json, headers } = await site.admin('GET', list);
    expect([json['@odata.count'], json.value.length, headers['transfer-encoding']]).toEqual([
      300,
      300,
      'chunked',
    ]);
    expect(new Set(json.value.map((row) => row['@odata.etag'])).size).toBe(300);
    const short = await site.admin('GET', `${list}&$top=10`);
    expect([short.json.value.length, short.headers['transfer-encoding']]).toEqual([10, undefined]);
    const cut = await site.admin('GET', `${list}&$top=251`);
    expect(cut.json.value.map((row) => row['@odata.etag'])).toEqual(
      json.value.slice(0, 251).map((row) => row['@odata.etag']),
    );
    // Where the database fails between two parts, the answer breaks off: half a list must not look like a whole one.
    // oxlint-disable-next-line typescript/unbound-method -- It is called with its own `this`.
    const whole = ClassStore.prototype.list;
    ClassStore.prototype.list = function (from, query) {
      if (query.cursor === undefined) return whole.call(this, from, query);
      return Promise.reject(commonErrors.ESP_DATABASE_UNAVAILABLE());
    };
    try {
      await expect(site.admin('GET', list)).rejects.toMatchObject({ code: 'ECONNRESET' });
    } finally {
      ClassStore.prototype.list = whole;
    }
    expect((await site.admin('GET', list)).json.value).toHaveLength(300);
    for (const id of devices)
      await site.admin('POST', `v1.0/Device(${id})/AdminService.DeleteExtensionData`, {});
  });

  it('counts as text and with the list', async () => {
    const plain = await site.admin('GET', "wmi/SMS_R_System/$count?$filter=startswith(Name,'Lab')");
    expect([plain.text, plain.headers['content-type']]).toEqual(['2', 'text/plain;charset=utf-8']);
    const { json } = await site.admin('GET', 'wmi/SMS_R_System?$count=true&$top=0');
    expect(json).toMatchObject({ '@odata.count': 3, value: [] });
  });

  it('leads from a device to its collections', async () => {
    const path = `v1.0/Device(${FIRST_DEVICE})/ResourceCollectionMembership?$expand=Collection&$select=Collection`;
    const { json } = await site.admin('GET', path);
    expect(json.value).toContainEqual(
      expect.objectContaining({
        CollectionID: 'SMS00001',
        Collection: expect.objectContaining({ Name: 'All Systems' }),
      }),
    );
  });

  it('has metadata and service documents, also in other letters', async () => {
    const metadata = await site.admin('GET', 'wmi/$metadata');
    expect(metadata.headers['content-type']).toBe('application/xml;charset=utf-8');
    expect(metadata.text).toContain('<EntityType Name="SMS_R_System"');
    const { json } = await site.admin('GET', 'v1.0/');
    expect(json.value).toContainEqual({ name: 'Device', kind: 'EntitySet', url: 'Device' });
    const small = await site.console.send('GET', '/adminservice_tokenauth/wmi/SMS_Site', {
      token: site.console.place.adminToken,
    });
    expect(small.status).toBe(200);
  });

  it.each([
    ['GET', 'wmi/SMS_Nonsense', 404, 'ESP_ADMIN_SERVICE_UNKNOWN'],
    ['GET', 'nonsense', 404, 'ESP_ADMIN_SERVICE_UNKNOWN'],
    ['GET', "wmi/SMS_Collection('XXX00001')", 404, 'ESP_ADMIN_SERVICE_UNKNOWN'],
    ['GET', 'wmi/SMS_CM_RES_COLL_XXX00001', 404, 'ESP_ADMIN_SERVICE_UNKNOWN'],
    ['POST', 'wmi/SMS_CM_RES_COLL_SMS00001', 405, 'ESP_ADMIN_SERVICE_METHOD_NOT_ALLOWED'],
    ['GET', 'wmi/SMS_R_System?$filter=Nam eq 1', 400, 'ESP_ADMIN_SERVICE_REQUEST_INVALID'],
    ['GET', 'wmi/SMS_R_System?$skiptoken=xx', 400, 'ESP_BAD_REQUEST'],
    ['GET', 'wmi/SMS_R_System?$filter=%FF', 400, 'ESP_ADMIN_SERVICE_REQUEST_INVALID'],
    ['GET', 'wmi/%ZZ', 400, 'ESP_ADMIN_SERVICE_REQUEST_INVALID'],
    ['DELETE', 'wmi/SMS_Site', 405, 'ESP_ADMIN_SERVICE_METHOD_NOT_ALLOWED'],
    ['DELETE', `wmi/SMS_R_System(${FIRST_DEVICE})`, 409, 'ESP_RESOURCE_ENROLLED'],
    ['PUT', `wmi/SMS_R_System(${FIRST_DEVICE})`, 405, 'ESP_ADMIN_SERVICE_METHOD_NOT_ALLOWED'],
    ['POST', 'wmi/$metadata', 405, 'ESP_ADMIN_SERVICE_METHOD_NOT_ALLOWED'],
  ])('%s %s is an error of AdminService: %i', async (method, path, status, code) => {
    const answer = await site.admin(method, path, method === 'POST' || method === 'PUT' ? {} : undefined);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.json.error).toMatchObject({
      code: String(status),
      message: expect.any(String),
      innererror: { code },
    });
  });

  it('answers 401 in its own shape to whoever is not known', async () => {
    const { status, json } = await site.send('GET', 'wmi/SMS_Site', {});
    expect(status).toBe(401);
    expect(json.error).toMatchObject({ code: '401', innererror: { code: 'ESP_AUTH_TOKEN_MISSING' } });
  });
});
