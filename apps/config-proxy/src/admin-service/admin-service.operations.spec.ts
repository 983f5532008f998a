import { randomUUID } from 'node:crypto';
import type { Approval } from '@espalier/contracts';
import { insertRows } from '@espalier/persistence';
import { applicationRow } from '../client-tasks/client-task.fixture.js';
import { FIRST_DEVICE, type ODataAnswer } from './admin-service.fixture.js';
import { codeOf, ofCollection, ofDevice, PeopleHarness } from './admin-service.people.fixture.js';

const SECOND = FIRST_DEVICE + 1;

/** What devices are told to do at once, scripts apart: queries, installations, restarts. */
describe('operations on devices through the AdminService-compatible door', () => {
  let people: PeopleHarness;
  let { site, db, client, anna, bert, by, api, reported } = {} as PeopleHarness;
  beforeAll(async () => {
    people = await PeopleHarness.start();
    ({ site, db, client, anna, bert, by, api, reported } = people);
  }, 60_000);
  afterAll(() => people.stop());

  it('ask CMPivot of devices and collections, and give the rows back', async () => {
    const query = { InputQuery: 'LogicalDisk | where Size > 1' };
    const begun = await by(anna, 'POST', ofDevice(FIRST_DEVICE, 'RunCMPivot'), query);
    expect([begun.status, begun.json]).toEqual([200, { value: { OperationId: expect.any(Number) } }]);
    const { OperationId } = begun.json.value as unknown as { OperationId: number };
    const result = (name: string) =>
      by(anna, 'GET', ofDevice(FIRST_DEVICE, `${name}(OperationId=${OperationId})`));
    expect((await result('CMPivotResult')).status).toBe(404);
    const [task] = await client.take(FIRST_DEVICE);
    expect(task?.content).toEqual({ kind: 'cmpivot', query: query.InputQuery });
    await reported('[{"DeviceID":"disk1","Size":"500"}]');
    for (const name of ['CMPivotResult', 'CMPivotResultV2'])
      expect((await result(name)).json).toEqual({
        value: { Status: 1, Result: [{ Device: 'Lab Mac', DeviceID: 'disk1', Size: '500' }] },
      });
    const all = await by(anna, 'POST', ofCollection('RunCMPivot'), query);
    expect([all.status, all.json]).toEqual([200, { OperationId: expect.any(Number) }]);
    const tooLong = { InputQuery: 'ä'.repeat(2_049) };
    expect((await by(anna, 'POST', ofDevice(FIRST_DEVICE, 'RunCMPivot'), tooLong)).status).toBe(400);
  });

  it('install applications on devices by their SMSIDs', async () => {
    const id = randomUUID();
    await insertRows(db, 'library_thing', [applicationRow(id)]);
    const path = `v1.0/Application(${id.toUpperCase()})/AdminService.InstallApplication`;
    const [first] = (await by(anna, 'GET', `v1.0/Device(${FIRST_DEVICE})`)).json.value;
    const smsid = String(first?.['SMSID']);
    const begun = await by(anna, 'POST', path, { Devices: [smsid.toLowerCase()], InstallationType: 1 });
    expect([begun.status, begun.json]).toEqual([200, { value: { OperationId: expect.any(Number) } }]);
    expect((await client.take(FIRST_DEVICE)).map(({ content }) => content)).toContainEqual({
      kind: 'install-application',
      applicationId: id,
    });
    const nobody = `GUID:${randomUUID().toUpperCase()}`;
    const unknown = await by(anna, 'POST', path, { Devices: [smsid, nobody] });
    expect([unknown.status, codeOf(unknown)]).toEqual([404, 'ESP_RESOURCE_UNKNOWN']);
    expect((await by(anna, 'POST', path, { Devices: ['16777219'] })).status).toBe(400);
    expect((await by(anna, 'POST', path, { Devices: [smsid], InstallationType: 2 })).status).toBe(501);
    await reported('installed');
    // What needs a second person as a deployment is not done one by one without one.
    const policy = { kind: 'large-deployment', required: 1, threshold: 0, expiry_hours: 24, hourly_cap: 9 };
    await insertRows(db, 'approval_policy', [{ ...policy, version: 1, changed_at: 1, changed_by: 'spec' }]);
    const many = await by(anna, 'POST', path, { Devices: [smsid] });
    expect([many.status, codeOf(many)]).toEqual([429, 'ESP_APPROVAL_CAP_REACHED']);
    await db.execute("DELETE FROM {approval_policy} WHERE kind = 'large-deployment'", {});
  });

  it('restart one device at once, and several with the approval of a second person', async () => {
    const initiate = (TargetResourceIDs: number[], headers = {}) =>
      by(
        anna,
        'POST',
        'wmi/SMS_ClientOperation.InitiateClientOperation',
        { Type: 17, TargetCollectionID: 'SMS00001', TargetResourceIDs },
        headers,
      );
    const once = { 'idempotency-key': randomUUID() };
    const one = await initiate([FIRST_DEVICE], once);
    expect([one.status, one.json]).toMatchObject([201, { ReturnValue: 0, OperationID: expect.any(Number) }]);
    expect((await initiate([FIRST_DEVICE], once)).json).toEqual(one.json);
    await site.until(
      `wmi/SMS_ClientOperation(${Number(one.json['OperationID'])})`,
      ({ json }) => json.value[0]?.['State'] === 2,
    );
    const restarted = () =>
      [...site.peer.commands.values()]
        .filter(({ requestType }) => requestType === 'RestartDevice')
        .map(({ enrollmentId }) => enrollmentId);
    expect(restarted()).toEqual(['UDID-1']);
    const headers = { 'idempotency-key': randomUUID(), 'approval-reason': 'Updates need it.' };
    const several = await initiate([FIRST_DEVICE, SECOND], headers);
    expect([several.status, several.json]).toMatchObject([
      202,
      { ReturnValue: 0, ApprovalId: expect.any(String), ApprovalState: 'needs-approval' },
    ]);
    const id = String(several.json['ApprovalId']);
    expect(several.headers.location).toBe(`/api/v1/approvals/${id}`);
    expect((await initiate([FIRST_DEVICE, SECOND], headers)).json['ApprovalId']).toBe(id);
    expect(restarted()).toEqual(['UDID-1']);
    const shown = await api<Approval>(bert, 'GET', `/api/v1/approvals/${id}`);
    expect(shown.json).toMatchObject({
      kind: 'disruptive-command',
      reason: 'Updates need it.',
      deviceCount: 2,
    });
    expect((await api(bert, 'POST', `/api/v1/approvals/${id}/approve`, {})).status).toBe(200);
    const deadline = AbortSignal.timeout(10_000);
    while (restarted().length < 3) {
      deadline.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(restarted()).toEqual(['UDID-1', 'UDID-1', 'UDID-2']);
  });

  it('delete records of devices with the approval of a second person', async () => {
    await db.execute('UPDATE {resource_enrollment} SET is_active = 0 WHERE resource_id = :id', {
      id: SECOND,
    });
    const headers = { 'idempotency-key': randomUUID() };
    const gone = (path: string) => by(anna, 'DELETE', `${path}(${SECOND})`, undefined, headers);
    const asked = await gone('wmi/SMS_R_System');
    expect([asked.status, asked.json]).toMatchObject([202, { ApprovalState: 'needs-approval' }]);
    expect((await gone('v1.0/Device')).json['ApprovalId']).toBe(asked.json['ApprovalId']);
    expect((await by(bert, 'GET', `wmi/SMS_R_System(${SECOND})`)).status).toBe(200);
    const id = String(asked.json['ApprovalId']);
    const shown = await api<Approval>(bert, 'POST', `/api/v1/approvals/${id}/approve`, {});
    expect(shown.json).toMatchObject({
      kind: 'delete-device',
      reason: expect.stringMatching(/AdminService/),
    });
    await site.until(`wmi/SMS_R_System(${SECOND})`, ({ status }) => status === 404);
  });

  it('begin operations and make collections once for each key', async () => {
    const twice = async (path: string, body: object): Promise<[ODataAnswer, ODataAnswer]> => {
      const headers = { 'idempotency-key': randomUUID() };
      return [await by(anna, 'POST', path, body, headers), await by(anna, 'POST', path, body, headers)];
    };
    const [begun, repeated] = await twice('wmi/SMS_ClientOperation.InitiateClientOperation', {
      Type: 8,
      TargetCollectionID: 'SMS00001',
    });
    expect([begun.status, begun.json]).toMatchObject([201, { OperationID: expect.any(Number) }]);
    expect(repeated.json).toEqual(begun.json);
    const [made, again] = await twice('wmi/SMS_Collection', { Name: 'Once', CollectionType: 2 });
    expect(made.status).toBe(201);
    expect(again.headers.location).toBe(made.headers.location);
    const { json } = await by(anna, 'GET', "wmi/SMS_Collection?$filter=Name eq 'Once'");
    expect(json.value).toHaveLength(1);
  });

  it('need the rights of the command where they restart', async () => {
    const body = { Type: 17, TargetCollectionID: 'SMS00001' };
    const answer = await site.as(
      ['devices:push'],
      'POST',
      'wmi/SMS_ClientOperation.InitiateClientOperation',
      body,
    );
    expect([answer.status, codeOf(answer)]).toEqual([403, 'ESP_AUTH_SCOPE_MISSING']);
  });
});
