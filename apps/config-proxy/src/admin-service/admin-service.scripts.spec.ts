import { createHash, randomUUID } from 'node:crypto';
import type { Approval } from '@espalier/contracts';
import { insertRows } from '@espalier/persistence';
import { FIRST_DEVICE } from './admin-service.fixture.js';
import {
  codeOf,
  ofCollection,
  ofDevice,
  PeopleHarness,
  type SpecPerson,
  utf16,
} from './admin-service.people.fixture.js';

const [SECOND, THIRD] = [FIRST_DEVICE + 1, FIRST_DEVICE + 2];

/** What scripts are and where they run, with two people and a device that has a Mac client. */
describe('scripts through the AdminService-compatible door', () => {
  let people: PeopleHarness;
  let { site, db, client, anna, bert, hire, ownToken, by, api, reported } = {} as PeopleHarness;
  beforeAll(async () => {
    people = await PeopleHarness.start();
    ({ site, db, client, anna, bert, hire, ownToken, by, api, reported } = people);
  }, 60_000);
  afterAll(() => people.stop());

  /** A script of anna, as public scripts make one. */
  async function create(text: string, more: object = {}): Promise<string> {
    const guid = randomUUID().toUpperCase();
    const made = await by(anna, 'POST', 'wmi//SMS_Scripts.CreateScripts', {
      ScriptName: 'Free space',
      Author: 'CORP\\somebody',
      Script: utf16(text),
      ScriptType: 0,
      ScriptVersion: '1',
      ParamsDefinition: '',
      ParameterlistXML: '',
      ScriptGuid: guid,
      ...more,
    });
    expect([made.status, made.json]).toMatchObject([201, { ReturnValue: 0, ScriptGuid: guid }]);
    return guid;
  }
  const decide = (who: Pick<SpecPerson, 'token'>, guid: string, ApprovalState = '3') =>
    by(who, 'POST', `wmi/SMS_Scripts/${guid}/AdminService.UpdateApprovalState`, {
      Approver: 'CORP\\nobody',
      ApprovalState,
      Comment: '',
    });
  async function approved(text: string, more: object = {}): Promise<string> {
    const guid = await create(text, more);
    expect((await decide(bert, guid)).status).toBe(201);
    return guid;
  }

  /** A collection of one device. */
  async function collectionOf(ResourceID: number): Promise<string> {
    const rule = {
      '@odata.type': '#AdminService.SMS_CollectionRuleDirect',
      ResourceID,
      RuleName: 'this one',
    };
    const { json } = await site.admin('POST', 'wmi/SMS_Collection', {
      Name: `Only ${ResourceID}`,
      LimitToCollectionID: 'SMS00001',
      CollectionRules: [rule],
    });
    const id = String(json['CollectionID']);
    await site.until(
      `wmi/SMS_FullCollectionMembership?$filter=CollectionID eq '${id}'`,
      (answer) => answer.json.value.length === 1,
    );
    return id;
  }

  it('are made with base64 of UTF-16, listed without their text, and got with it', async () => {
    const text = '#!/bin/zsh\ndf -h # äöü 😀\n';
    const guid = await create(text);
    const sha256 = createHash('sha256').update(text).digest('hex');
    const path = `wmi/SMS_Scripts?$filter=ScriptGuid eq '${guid}'`;
    const [listed] = (await by(bert, 'GET', path)).json.value;
    expect(listed).toMatchObject({
      ScriptGuid: guid,
      ScriptName: 'Free space',
      Author: 'anna',
      // Of PowerShell by its type, of zsh by its first line.
      ScriptType: 2,
      ScriptVersion: '1',
      ScriptHash: sha256,
      ApprovalState: 0,
      __LAZYPROPERTIES: ['ParameterlistXML', 'ParamsDefinition', 'Script'],
    });
    expect(listed).not.toHaveProperty('Script');
    for (const key of [
      `wmi/SMS_Scripts('${guid}')`,
      `wmi/SMS_Scripts/${guid.toLowerCase()}`,
      `v1.0/Script(${guid})`,
    ])
      expect((await by(bert, 'GET', key)).json.value).toMatchObject([{ Script: utf16(text) }]);
    const again = await by(anna, 'POST', 'wmi/SMS_Scripts.CreateScripts', {
      ScriptName: 'x',
      Script: utf16('x'),
      ScriptGuid: guid,
    });
    expect([again.status, codeOf(again)]).toEqual([409, 'ESP_SCRIPT_EXISTS']);
    const deleted = await by(anna, 'DELETE', `wmi/SMS_Scripts('${guid}')`);
    expect([deleted.status, (await by(anna, 'GET', `wmi/SMS_Scripts('${guid}')`)).status]).toEqual([
      204, 404,
    ]);
  });

  it.each([
    ['no base64', { Script: 'not base64!' }],
    ['nothing in it', { Script: '' }],
    ['NULs', { Script: utf16('a\0b') }],
    ['no name', { ScriptName: '' }],
    ['a type that nobody knows', { ScriptType: 9 }],
    ['a GUID that is none', { ScriptGuid: 'me' }],
    ['parameters that are none', { ParamsDefinition: '<x/>' }],
    ['too long a text', { Script: utf16('x'.repeat(200_001)) }],
  ])('are refused with %s, and nothing is made', async (_what, wrong) => {
    const count = async () => (await by(anna, 'GET', 'wmi/SMS_Scripts/$count')).text;
    const before = await count();
    const body = { ScriptName: 'x', Script: utf16('x'), ...wrong };
    const answer = await by(anna, 'POST', 'wmi/SMS_Scripts.CreateScripts', body);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'ESP_ADMIN_SERVICE_REQUEST_INVALID']);
    expect(await count()).toBe(before);
  });

  it('are approved by another person, not by a second token of who wrote them', async () => {
    const guid = await create('echo mine');
    for (const token of [anna.token, await ownToken(anna.token, 'another of anna')]) {
      const own = await decide({ token }, guid);
      expect([own.status, own.json.error.code, codeOf(own)]).toEqual([403, '403', 'ESP_SCRIPT_OWN']);
    }
    const early = await by(anna, 'POST', ofDevice(FIRST_DEVICE, 'RunScript'), { ScriptGuid: guid });
    expect([early.status, codeOf(early)]).toEqual([403, 'ESP_SCRIPT_NOT_APPROVED']);
    expect((await decide(bert, guid, '7')).status).toBe(400);
    const denied = await decide(bert, guid, '1');
    expect(denied.json).toMatchObject({ ReturnValue: 0 });
    const run = () => by(anna, 'POST', ofDevice(FIRST_DEVICE, 'RunScript'), { ScriptGuid: guid });
    expect((await run()).status).toBe(403);
    await decide(bert, guid);
    expect((await by(bert, 'GET', `wmi/SMS_Scripts('${guid}')`)).json.value).toMatchObject([
      { ApprovalState: 3, Approver: 'bert' },
    ]);
    expect((await run()).status).toBe(200);
    await reported('done');
  });

  it('run on a device; their result is 404 until it is there', async () => {
    const guid = await approved('#!/bin/sh\necho hello');
    const begun = await by(anna, 'POST', ofDevice(FIRST_DEVICE, 'RunScript'), { ScriptGuid: guid });
    expect([begun.status, begun.json]).toEqual([200, { value: expect.any(Number) }]);
    const operation = Number(begun.json.value);
    const result = () => by(anna, 'GET', ofDevice(FIRST_DEVICE, `ScriptResult(OperationId=${operation})`));
    expect([(await result()).status, (await result()).json.error.code]).toEqual([404, '404']);
    await reported('hello\n\0', 3);
    expect((await result()).json).toEqual({
      value: {
        Status: 1,
        Result: [
          {
            ResourceId: FIRST_DEVICE,
            DeviceName: 'Lab Mac',
            ScriptExecutionState: 2,
            ScriptExitCode: 3,
            ScriptOutput: 'hello\n\0',
            ErrorDescription: null,
          },
        ],
      },
    });
    const status = `$filter=ClientOperationId eq ${operation}`;
    for (const name of ['wmi/SMS_ScriptsExecutionStatus', 'v1.0/DeviceScriptRunDetails', 'v1.0/ScriptStatus'])
      expect((await by(bert, 'GET', `${name}?${status}`)).json.value).toMatchObject([
        { ResourceId: FIRST_DEVICE, ScriptGuid: guid, ScriptExitCode: 3, ScriptOutput: 'hello\n\0' },
      ]);
    expect((await by(bert, 'GET', `wmi/SMS_ScriptsExecutionTask?${status}`)).json.value).toMatchObject([
      { ScriptName: 'Free space', TotalClients: 1, FailedClients: 1, CollectionId: 'SMS00001' },
    ]);
    expect((await by(bert, 'GET', `wmi/SMS_ScriptsExecutionSummary?${status}`)).json.value).toMatchObject([
      { ScriptExecutionState: 2, ScriptExitCode: 3, Clients: 1 },
    ]);
    expect((await by(bert, 'GET', `wmi/SMS_ClientOperation(${operation})`)).json.value).toMatchObject([
      {
        Type: 135,
        State: 2,
        TotalClients: 1,
        CompletedClients: 0,
        FailedClients: 1,
        RequestedBy: expect.any(String),
      },
    ]);
    // Who reaches the device only is not told on which collection the script ran.
    const limited = { token: await site.limitedTo(await collectionOf(FIRST_DEVICE)) };
    for (const name of [
      'wmi/SMS_ScriptsExecutionStatus',
      'v1.0/DeviceScriptRunDetails',
      'v1.0/ScriptStatus',
    ]) {
      const path = `${name}?${status}`;
      const ran = { ResourceId: FIRST_DEVICE, ScriptGuid: guid };
      expect((await by(bert, 'GET', path)).json.value).toMatchObject([{ ...ran, CollectionId: 'SMS00001' }]);
      expect((await by(limited, 'GET', path)).json.value).toMatchObject([
        { ...ran, CollectionId: null, CollectionName: null },
      ]);
      const guess = `${path} and CollectionId eq 'SMS00001'`;
      expect((await by(limited, 'GET', guess)).json.value).toEqual([]);
    }
    // Of another device, or of another kind, there is no such operation.
    for (const path of [ofDevice(SECOND, 'ScriptResult'), ofDevice(FIRST_DEVICE, 'CMPivotResult')])
      expect((await by(anna, 'GET', `${path}(OperationId=${operation})`)).status).toBe(404);
  });

  it('say at once that a device has no Mac client', async () => {
    const guid = await approved('echo x');
    const { json } = await by(anna, 'POST', ofDevice(SECOND, 'RunScript'), { ScriptGuid: guid });
    const path = ofDevice(SECOND, `ScriptResult(OperationId=${Number(json.value)})`);
    expect((await by(anna, 'GET', path)).json).toMatchObject({
      value: {
        Result: [
          {
            ScriptExecutionState: 5,
            ScriptOutput: '',
            ErrorDescription: 'Requirements not met: there is no Mac client on this device.',
          },
        ],
      },
    });
  });

  it('take parameters by client operation 135, as the console of ConfigMgr sends them', async () => {
    const guid = await approved('echo "$Who"', {
      ParamsDefinition: utf16(
        '<ScriptParameters SchemaVersion="1"><ScriptParameter Name="Who" Type="System.String" IsRequired="true" Description="a &lt;b&gt;" DefaultValue=""/></ScriptParameters>',
      ),
    });
    const sha256 = createHash('sha256').update('echo "$Who"').digest('hex').toUpperCase();
    const content = (hash: string, parameter: string) =>
      Buffer.from(
        `<ScriptContent ScriptGuid='${guid}'><ScriptVersion>1</ScriptVersion><ScriptType>0</ScriptType><ScriptHash ScriptHashAlg='SHA256'>${hash}</ScriptHash><ScriptParameters>${parameter}</ScriptParameters></ScriptContent>`,
      ).toString('base64');
    const who =
      '<ScriptParameter ParameterGroupGuid="A" ParameterName="Who" ParameterType="" ParameterValue="a &amp; b"/>';
    const initiate = (Param: string) =>
      by(anna, 'POST', 'wmi/SMS_ClientOperation.InitiateClientOperationEx', {
        Type: 135,
        TargetCollectionID: '',
        TargetResourceIDs: [FIRST_DEVICE],
        RandomizationWindow: 0,
        Param,
      });
    expect(codeOf(await initiate(content(sha256, '')))).toBe('ESP_SCRIPT_PARAMETERS_INVALID');
    expect((await initiate(content('0'.repeat(64), who))).status).toBe(400);
    expect((await initiate('nothing')).status).toBe(400);
    const begun = await initiate(content(sha256, who));
    expect([begun.status, begun.json]).toMatchObject([201, { OperationID: expect.any(Number) }]);
    expect((await client.take(FIRST_DEVICE)).map((task) => task.content)).toMatchObject([
      { parameters: { Who: 'a & b' } },
    ]);
    await reported('a & b');
    expect((await by(bert, 'GET', `wmi/SMS_Scripts('${guid}')`)).json.value).toMatchObject([
      { ParameterlistXML: expect.stringContaining('Description="a &#60;b&#62;"') },
    ]);
  });

  it('run on the devices of a collection, which answer one by one', async () => {
    const guid = await approved('echo everywhere');
    // As shipped: on up to 50 devices nobody is asked.
    const begun = await by(anna, 'POST', ofCollection('RunScript'), { ScriptGuid: guid });
    expect([begun.status, begun.json]).toEqual([200, { value: expect.any(Number) }]);
    const operation = Number(begun.json.value);
    await site.until(
      `wmi/SMS_ScriptsExecutionTask?$filter=ClientOperationId eq ${operation}`,
      ({ json }) => json.value[0]?.['TotalClients'] === 3,
    );
    const result = () => by(anna, 'GET', ofCollection(`ScriptResult(OperationId=${operation})`));
    // Two have no client and say so; that is not the answer of all.
    expect((await result()).status).toBe(404);
    await reported('here');
    const { json } = await result();
    expect(json.value).toMatchObject({
      Result: [
        { ResourceId: FIRST_DEVICE, ScriptOutput: 'here' },
        { ResourceId: SECOND, ScriptExecutionState: 5 },
        { ResourceId: THIRD, ScriptExecutionState: 5 },
      ],
    });
  });

  it('count how many devices one person runs scripts on within an hour', async () => {
    const guid = await approved('echo x');
    await db.transaction((tx) =>
      insertRows(tx, 'approval_policy', [
        {
          kind: 'run-script',
          required: 1,
          threshold: 1,
          expiry_hours: 24,
          hourly_cap: 2,
          version: 1,
          changed_at: 1,
          changed_by: 'spec',
        },
      ]),
    );
    const carl = await hire('carl');
    const run = (path: string) => by(carl, 'POST', path, { ScriptGuid: guid });
    for (const device of [SECOND, THIRD]) expect((await run(ofDevice(device, 'RunScript'))).status).toBe(200);
    const capped = await run(ofDevice(SECOND, 'RunScript'));
    expect([capped.status, codeOf(capped)]).toEqual([429, 'ESP_APPROVAL_CAP_REACHED']);
    expect(Number(capped.headers['retry-after'])).toBeGreaterThan(0);
    expect(codeOf(await run(ofCollection('RunScript')))).toBe('ESP_APPROVAL_CAP_EXCEEDED');
  });

  it('run what was approved, also where the text changed between the request and its approval', async () => {
    await db.transaction((tx) =>
      tx.execute('UPDATE {approval_policy} SET hourly_cap = 1000 WHERE 1 = 1', {}),
    );
    const guid = await approved('echo approved');
    const strangers = { deviceIds: [FIRST_DEVICE, 7] };
    const nowhere = await api(anna, 'POST', `/api/v1/scripts/${guid.toLowerCase()}/run`, strangers);
    expect([nowhere.status, nowhere.json]).toMatchObject([404, { code: 'ESP_RESOURCE_UNKNOWN' }]);
    const asked = await by(anna, 'POST', ofCollection('RunScript'), { ScriptGuid: guid });
    expect([asked.status, asked.json]).toMatchObject([202, { value: { ApprovalState: 'needs-approval' } }]);
    const { ApprovalId } = asked.json.value as unknown as { ApprovalId: string };
    const path = `/api/v1/scripts/${guid.toLowerCase()}`;
    expect((await api(anna, 'PATCH', path, { text: 'rm -rf /' })).json).toMatchObject({
      scriptVersion: 2,
      approvalState: 'waiting',
    });
    const approve = await api<Approval>(bert, 'POST', `/api/v1/approvals/${ApprovalId}/approve`, {});
    expect(approve.json.state).toBe('approved');
    const deadline = AbortSignal.timeout(10_000);
    for (;;) {
      const taken = await client.take(FIRST_DEVICE);
      if (taken.length > 0) {
        expect(taken.map(({ content }) => content)).toMatchObject([{ text: 'echo approved' }]);
        break;
      }
      deadline.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const done = await api<Approval>(bert, 'GET', `/api/v1/approvals/${ApprovalId}`);
    expect(done.json).toMatchObject({ state: 'completed', resultIds: [expect.stringMatching(/^\d+$/)] });
  });

  it('are taken back by who asked, from devices that have not fetched them', async () => {
    const guid = await approved('echo too late');
    const asked = await by(anna, 'POST', ofCollection('RunScript'), { ScriptGuid: guid });
    const { ApprovalId } = asked.json.value as unknown as { ApprovalId: string };
    const path = `/api/v1/approvals/${ApprovalId}`;
    await api(bert, 'POST', `${path}/approve`, {});
    const deadline = AbortSignal.timeout(10_000);
    while ((await api<Approval>(bert, 'GET', path)).json.state !== 'completed') {
      deadline.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect((await api<Approval>(anna, 'POST', `${path}/cancel`, {})).json).toMatchObject({
      state: 'cancelled',
    });
    const fetched = (await client.take(FIRST_DEVICE)).map(({ content }) => content);
    expect(fetched).not.toContainEqual(expect.objectContaining({ text: 'echo too late' }));
  });
});
