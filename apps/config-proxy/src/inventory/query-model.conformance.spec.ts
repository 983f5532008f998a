import { compileQuery } from '@espalier/query';
import { describeOnEachDatabase, expectMssqlDdl } from '@espalier/testing';
import { bindWql, parseWql } from '@espalier/wql';
import { showArrays } from '../migrations/2026-11-21-show-arrays.js';
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
    'select * from SMS_R_System where MACAddresses = "aa:bb:cc:00:00:03"',
    'select * from SMS_R_System where MACAddresses not in ("AA:BB:CC:00:00:01", "AA:BB:CC:00:00:02")',
    'select * from SMS_R_System where AgentName = "MDM device information" and AgentSite = "DEV"',
    'select * from SMS_R_System where AgentName like "MDM enroll%" and DateDiff(ss, AgentTime, "1970-01-01T00:00:01Z") = 0 and SerialNumber is not null',
    'select * from SMS_R_System where ResourceNames = "lab mac" and SMSInstalledSites = SMSAssignedSites',
    // What no Mac has a value for is a name as any other: rules made for ConfigMgr are taken.
    'select * from SMS_R_System where SystemOUName = "SITE/LABS" or IPAddresses like "10.%" or Name = "Lab Mac"',
    `select SMS_R_SYSTEM.ResourceID, SMS_R_SYSTEM.ResourceDomainORWorkgroup from SMS_R_System
       where SystemRoles is null and ADSiteName is null and IsVirtualMachine is null and Name = "Lab Mac"
       and ResourceId not in (select ResourceId from SMS_R_System where SystemGroupName = "SITE\\\\Servers")`,
  ])('answers %s', async (wql) => {
    expect(new Set(await select(wql))).toEqual(new Set([ID]));
  });

  it('selects users, and no devices, where the root is SMS_R_User', async () => {
    expect(await select('select * from SMS_R_User', userQueryModel)).toEqual([USER]);
    expect(await select('select * from SMS_R_System')).toHaveLength(2);
  });

  it('knows no name twice', () => {
    for (const model of [deviceQueryModel, userQueryModel])
      for (const { properties, arrays = [] } of model.classes) {
        const names = [...properties, ...arrays.flatMap((array) => array.properties)].map(({ name }) =>
          name.toLowerCase(),
        );
        expect(names).toEqual([...new Set(names)]);
      }
  });

  it('can compare every property of every class', async () => {
    for (const model of [deviceQueryModel, userQueryModel])
      for (const { name, properties, arrays = [] } of model.classes)
        for (const property of [...properties, ...arrays.flatMap((array) => array.properties)]) {
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

  it('migrates back and forward', async () => {
    await harness.db.revert(1);
    await harness.db.migrate();
    expect(await select('select * from SMS_R_System where SMSInstalledSites = "DEV"')).toHaveLength(2);
  });
});

describe('the query model on SQL Server', () => {
  it('has the views that the golden file shows', () =>
    expectMssqlDdl([showArrays], {
      spec: import.meta.url,
      file: 'query-model.mssql.sql',
      schema: 'config_proxy',
    }));
});
