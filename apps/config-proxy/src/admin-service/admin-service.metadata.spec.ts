import { randomUUID } from 'node:crypto';
import { insertRows } from '@espalier/persistence';
import { applicationRow } from '../client-tasks/client-task.fixture.js';
import { FIRST_DEVICE } from './admin-service.fixture.js';
import { ofDevice, PeopleHarness, utf16 } from './admin-service.people.fixture.js';
import { readMetadata, type Metadata } from './metadata.fixture.js';

/** What strict readers, of which Power BI's is one, hold every answer to. */
describe.each(['wmi', 'v1.0'])('the metadata of %s', (route) => {
  let people: PeopleHarness;
  let metadata: Metadata;
  beforeAll(async () => {
    people = await PeopleHarness.start();
    await fill(people);
    metadata = readMetadata((await people.site.admin('GET', `${route}/$metadata`)).text);
  }, 60_000);
  afterAll(() => people.stop());

  it('names no type and no set that it does not have, and every key is of a property that is never null', () => {
    expect(metadata.problems()).toEqual([]);
  });

  it('names the same sets as the service document', async () => {
    const { json } = await people.site.admin('GET', `${route}/`);
    const names = json.value.map(({ name, url, kind }) => [name, url, kind]);
    expect(names).toEqual(metadata.sets.map((name) => [name, name, 'EntitySet']));
  });

  it('says what every object is like, in lists, by its key and with what it leads to', async () => {
    const seen: Record<string, number> = {};
    for (const set of metadata.sets) {
      const { json } = await people.site.admin('GET', `${route}/${set}`);
      const [first] = json.value;
      seen[set] = json.value.length;
      const expand = route === 'wmi' ? '' : '?$expand=*';
      const whole =
        first === undefined
          ? []
          : (await people.site.admin('GET', `${route}/${set}(${metadata.keyOf(set, first)})${expand}`)).json
              .value;
      expect(whole).toHaveLength(first === undefined ? 0 : 1);
      for (const row of [...json.value, ...whole])
        expect([set, metadata.differences(set, row)]).toEqual([set, []]);
    }
    // Little would be proven by empty lists.
    const empty = Object.keys(seen).filter((set) => seen[set] === 0);
    expect(empty).toEqual(route === 'wmi' ? ['SMS_G_System_MDM_PROFILE', 'SMS_G_System_MDM_SECURITY'] : []);
  });
});

/** An application, a baseline and a configuration item. */
const things = ['application', 'baseline', 'configuration-item'].map((kind, index) => ({
  ...applicationRow(randomUUID()),
  kind,
  number: 16_900_000 + index,
  name: kind,
  name_folded: kind,
}));

const deploymentOf = ({ id, kind }: (typeof things)[number], index: number) => ({
  id,
  assignment_id: 16_800_000 + index,
  name: kind,
  name_folded: kind,
  comment: '',
  thing_kind: kind,
  thing_id: id,
  thing_name: kind,
  thing_name_folded: kind,
  deployed_revision: 1,
  collection_id: 'SMS00001',
  intent: 'required',
  action: 'install',
  is_enabled: 1,
  start_at: 1,
  is_local_time: 0,
  priority: 1,
  override_windows: 0,
  notify: 0,
  items: '[]',
  version: 1,
  created_at: 1,
  created_by: 'spec',
  changed_at: 1,
  changed_by: 'spec',
  counted_at: 1,
});

/** Something for as many classes as can be without services that are not here. */
async function fill({ site, db, anna, bert, by, reported }: PeopleHarness): Promise<void> {
  await insertRows(db, 'library_thing', things);
  await insertRows(db, 'deployment', things.slice(0, 2).map(deploymentOf));
  await insertRows(
    db,
    'deployment_summary',
    things.slice(0, 2).map(({ id }) => ({ deployment_id: id })),
  );
  const ScriptGuid = randomUUID().toUpperCase();
  await by(anna, 'POST', 'wmi/SMS_Scripts.CreateScripts', {
    ScriptName: 'Free space',
    Script: utf16('#!/bin/sh\ndf'),
    ScriptGuid,
  });
  const decision = { ApprovalState: '3', Comment: 'good' };
  await by(bert, 'POST', `wmi/SMS_Scripts/${ScriptGuid}/AdminService.UpdateApprovalState`, decision);
  const run = await by(anna, 'POST', ofDevice(FIRST_DEVICE, 'RunScript'), { ScriptGuid });
  await reported('much');
  expect(run.status).toBe(200);
  const variables = [{ Name: 'Room', Value: 'B12', IsMasked: false }];
  await site.admin('PUT', `wmi/SMS_MachineSettings(${FIRST_DEVICE})`, { MachineVariables: variables });
  const ExtensionData = { AssetTag: '0815' };
  await site.admin('POST', ofDevice(FIRST_DEVICE, 'SetExtensionData'), { ExtensionData });
  for (const RefreshSchedule of [{ Day: 2, ForNumberOfWeeks: 1 }, { HourSpan: 12 }])
    await site.admin('POST', 'wmi/SMS_Collection', {
      Name: JSON.stringify(RefreshSchedule),
      RefreshType: 2,
      RefreshSchedule: [RefreshSchedule],
      CollectionRules: [
        { '@odata.type': '#AdminService.SMS_CollectionRuleDirect', ResourceID: FIRST_DEVICE },
        { RuleName: 'all', QueryExpression: 'select * from SMS_R_System' },
        { IncludeCollectionID: 'SMS00001' },
      ],
    });
}
