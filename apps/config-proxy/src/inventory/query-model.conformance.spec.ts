import { compileQuery } from '@espalier/query';
import { describeOnEachDatabase } from '@espalier/testing';
import { bindWql, parseWql } from '@espalier/wql';
import {
  app,
  applications,
  device,
  enrolled,
  ResourceHarness,
  resourceMigrations,
  userEnrolled,
  type SpecMac,
} from '../resources/resource.fixture.js';
import { deviceQueryModel, userQueryModel } from './query-model.js';

const mac: SpecMac = { udid: 'UDID-1', serial: 'C02AAA', name: 'Lab Mac' };
const ID = 16_777_219;
const USER = 2_063_597_569;

describeOnEachDatabase('the query model', { migrations: resourceMigrations }, (open, dialect) => {
  let harness: ResourceHarness;
  beforeAll(async () => {
    harness = new ResourceHarness(await open());
    await harness.enroll(enrolled(mac, 1_000), enrolled({ udid: 'UDID-2', serial: null }, 1_000));
    await harness.enroll(userEnrolled(mac, 'jane', 2_000));
    await harness.report(
      device(mac, 3_000),
      applications(mac, 3_000, app('Pages', '14.1'), app('Keynote', '13')),
    );
    await harness.rooms.resources.setExtensionData(
      ID,
      { AssetTag: 'A1' },
      { by: 'admin', ifMatch: undefined },
    );
  });

  const select = async (wql: string, model = deviceQueryModel): Promise<number[]> => {
    const { sql, params } = compileQuery(bindWql(parseWql(wql), model), dialect, { now: harness.now });
    const rows = await harness.db.query<{ resource_id: number }>(sql, params);
    return rows.map(({ resource_id }) => resource_id);
  };

  it.each([
    'select * from SMS_R_System where OperatingSystemNameandVersion like "%os x 15%"  and SerialNumber = "c02aaa"',
    `select SMS_R_System.ResourceId from SMS_R_System inner join SMS_G_System_ADD_REMOVE_PROGRAMS
       on SMS_G_System_ADD_REMOVE_PROGRAMS.ResourceID = SMS_R_System.ResourceId
       where SMS_G_System_ADD_REMOVE_PROGRAMS.DisplayName = "pages"`,
    `select SMS_R_System.ResourceId from SMS_R_System inner join SMS_G_System_ExtensionData
       on SMS_G_System_ExtensionData.ResourceId = SMS_R_System.ResourceId
       where SMS_G_System_ExtensionData.PropertyName = "AssetTag"`,
    `select SMS_R_System.ResourceId from SMS_R_System inner join SMS_UserMachineRelationship
       on SMS_UserMachineRelationship.ResourceID = SMS_R_System.ResourceId
       where SMS_UserMachineRelationship.UniqueUserName = "JANE"`,
  ])('answers %s', async (wql) => {
    expect(new Set(await select(wql))).toEqual(new Set([ID]));
  });

  it('selects users, and no devices, where the root is SMS_R_User', async () => {
    expect(await select('select * from SMS_R_User', userQueryModel)).toEqual([USER]);
    expect(await select('select * from SMS_R_System')).toHaveLength(2);
  });

  it('can compare every property of every class', async () => {
    for (const model of [deviceQueryModel, userQueryModel])
      for (const { name, properties } of model.classes)
        for (const property of properties) {
          const value = property.type === 'text' ? '"x"' : property.type === 'time' ? '"2026-01-01"' : '1';
          const join = `inner join ${name} on ${name}.ResourceID = ${model.root}.ResourceId`;
          const selected = await select(
            `select ${model.root}.ResourceId from ${model.root} ${name === model.root ? '' : join}
             where ${name}.${property.name} = ${value} or ${name}.${property.name} is null`,
            model,
          );
          expect([ID, ID + 1, USER]).toEqual(expect.arrayContaining(selected));
        }
  });
});
