import { ReachHarness } from '../reach.fixture.js';
import { auditTargetsOf } from './admin-service.targets.js';

describe('what the audit log says of requests to the AdminService-compatible door', () => {
  let site: ReachHarness;
  beforeAll(async () => {
    site = await ReachHarness.start();
  }, 60_000);
  afterAll(() => site.stop());

  it.each([
    ["/AdminService/wmi/SMS_Collection('ESP00014')", [{ type: 'collection', id: 'ESP00014' }]],
    [
      '/adminservice/wmi//sms_collection/ESP00014/AdminService.RequestRefresh',
      [{ type: 'collection', id: 'ESP00014' }],
    ],
    ['/AdminService/v1.0/Device(16777219)/AdminService.RunScript', [{ type: 'device', id: '16777219' }]],
    ['/AdminService/wmi/SMS_MachineSettings(16777219)', [{ type: 'device', id: '16777219' }]],
    [
      '/AdminService/wmi/SMS_Scripts/A1B2C3D4-0000-4000-8000-00000000000A/AdminService.UpdateApprovalState',
      [{ type: 'script', id: 'a1b2c3d4-0000-4000-8000-00000000000a' }],
    ],
    ['/AdminService/wmi/SMS_ClientOperation.InitiateClientOperation', []],
    ['/AdminService/wmi/SMS_Site', []],
    ["/AdminService/wmi/SMS_Collection('", []],
    ['/AdminService/', []],
  ])('reads from %s what it is about', (path, targets) => {
    expect(auditTargetsOf(path)).toEqual(targets);
  });

  it('finds by its device what was done to it, whether the path or the body names it', async () => {
    const { device, collection } = site.inside;
    const { adminToken: token } = site.console.place;
    const data = { ExtensionData: { AssetTag: 'x' } };
    const set = `/AdminService/v1.0/Device(${device})/AdminService.SetExtensionData`;
    expect((await site.send('POST', set, token, data)).status).toBe(200);
    const rule = {
      '@odata.type': '#AdminService.SMS_CollectionRuleDirect',
      ResourceID: device,
      RuleName: 'x',
    };
    const add = `/AdminService/wmi/SMS_Collection('${collection}')/AdminService.AddMembershipRule`;
    expect((await site.send('POST', add, token, { collectionRule: rule })).status).toBe(201);
    for (const [target, paths] of [
      [`device:${device}`, [add, set]],
      [`collection:${collection}`, [add]],
    ] as const) {
      const filter = encodeURIComponent("action eq 'postAdminService' and outcome eq 'succeeded'");
      const { json } = await site.send('GET', `/api/v1/audit?target=${target}&filter=${filter}`, token);
      const found = (json['items'] as { details: { path: string } }[]).map(({ details }) => details.path);
      expect(found.toSorted()).toEqual([...paths].toSorted());
    }
  });

  it('says at the start that there is a credential that nobody made', async () => {
    const records = await site.db.query<{ action: string; targets: string }>(
      "SELECT action, targets FROM {audit_record} WHERE action = 'bootstrap-token.add'",
    );
    expect(records).toEqual([
      { action: 'bootstrap-token.add', targets: expect.stringContaining('"type":"api-token"') },
    ]);
  });
});
