import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase, expectMssqlDdl } from '@espalier/testing';
import { createReportingViews } from '../migrations/2026-11-21-create-reporting-views.js';
import { createResources } from '../migrations/2026-11-21-create-resources.js';
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
import { reportSchemaOf, reportViews } from './report-schema.js';

const mac: SpecMac = { udid: 'UDID-1', serial: 'C02AAA', name: 'Mac one' };
const phone: SpecMac = { udid: 'UDID-2', serial: 'F2LBBB', name: 'Phone' };

/** Runs SQL as a report does, whose login has the reporting schema as its default; names in lower case. */
async function report(db: Database, sql: string): Promise<Record<string, unknown>[]> {
  const schema = reportSchemaOf(db.schema);
  const rows = await db.transaction(async (tx) => {
    if (db.dialect === 'postgres') await tx.execute(`SET LOCAL search_path = "${schema}"`);
    return tx.query(db.dialect === 'mssql' ? sql.replace(/(?<!')\bv_\w+/g, `"${schema}".$&`) : sql);
  });
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value])),
  );
}

describeOnEachDatabase('reporting views', { migrations: resourceMigrations }, (open) => {
  let harness: ResourceHarness;
  beforeEach(async () => {
    harness = new ResourceHarness(await open());
    await harness.enroll(enrolled(mac, 1_000), enrolled(phone, 1_000));
    await harness.enroll(userEnrolled(mac, 'jane', 2_000));
    await harness.report(
      device(mac, 1_700_000_000_000),
      device(phone, 1_700_000_000_000, { platform: 'iphone', productName: 'iPhone15,2', osVersion: '18.1' }),
      applications(mac, 1_700_000_000_000, app('Pages', '14.1')),
    );
  });

  it('answer a report that joins discovery, inventory and client health, and finds Macs as reports do', async () => {
    const rows = await report(
      harness.db,
      `SELECT SYS.Name0, SYS.User_Name0, SYS.AD_Site_Name0, OS.Caption0, OS.Version0, BIOS.SerialNumber0,
         CS.Manufacturer0, CS.Model0, SE.ChassisTypes0, CH.ClientActiveStatus, CH.LastHW
       FROM v_R_System SYS
       INNER JOIN v_GS_OPERATING_SYSTEM OS ON OS.ResourceID = SYS.ResourceID
       INNER JOIN v_GS_PC_BIOS BIOS ON BIOS.ResourceID = SYS.ResourceID
       LEFT JOIN v_GS_COMPUTER_SYSTEM CS ON CS.ResourceID = SYS.ResourceID
       LEFT JOIN v_GS_SYSTEM_ENCLOSURE SE ON SE.ResourceID = SYS.ResourceID
       LEFT JOIN v_CH_ClientSummary CH ON CH.ResourceID = SYS.ResourceID
       WHERE SYS.Operating_System_Name_and0 LIKE '%OS X%' AND SYS.Client0 = 1 AND SYS.Obsolete0 = 0`,
    );
    expect(rows).toMatchObject([
      {
        name0: 'Mac one',
        user_name0: 'jane',
        ad_site_name0: null,
        caption0: 'Mac OS X 15.1',
        version0: '15.1',
        serialnumber0: 'C02AAA',
        manufacturer0: 'Apple Inc.',
        model0: 'Mac14,2',
        chassistypes0: '9',
        clientactivestatus: 1,
      },
    ]);
    // A time, not a number: the year can be read from it.
    const lastHw = rows[0]?.['lasthw'];
    expect(lastHw instanceof Date ? lastHw.getFullYear() : String(lastHw).slice(0, 4)).toEqual(
      lastHw instanceof Date ? 2023 : '2023',
    );
  });

  it('count installed software as ConfigMgr reports do', async () => {
    expect(
      await report(
        harness.db,
        `SELECT ARP.DisplayName0, ARP.Version0, COUNT(DISTINCT ARP.ResourceID) AS Installs
         FROM v_Add_Remove_Programs ARP INNER JOIN v_R_System SYS ON SYS.ResourceID = ARP.ResourceID
         GROUP BY ARP.DisplayName0, ARP.Version0`,
      ),
    ).toEqual([{ displayname0: 'Pages', version0: '14.1', installs: 1 }]);
  });

  it('show what was replaced in the history views', async () => {
    await harness.report(applications(mac, 1_700_000_100_000, app('Pages', '14.2')));
    expect(
      await report(harness.db, 'SELECT ProductVersion0, RevisionID FROM v_HS_INSTALLED_SOFTWARE'),
    ).toEqual([{ productversion0: '14.1', revisionid: 1 }]);
  });

  it('tell Macs from phones by ClientEdition, and users from devices', async () => {
    expect(
      await report(
        harness.db,
        'SELECT Name, ClientEdition, SerialNumber FROM v_CombinedDeviceResources ORDER BY Name',
      ),
    ).toEqual([
      { name: 'Mac one', clientedition: 5, serialnumber: 'C02AAA' },
      { name: 'Phone', clientedition: 8, serialnumber: 'F2LBBB' },
    ]);
    expect(await report(harness.db, 'SELECT Name0 FROM v_R_User')).toEqual([{ name0: 'jane' }]);
  });

  it('can all be read, and v_SchemaViews names each of them', async () => {
    const names = (await report(harness.db, 'SELECT ViewName FROM v_SchemaViews')).map(
      (row) => row['viewname'],
    );
    expect(new Set(names)).toEqual(new Set(reportViews().map(({ name }) => name)));
    for (const name of names) await report(harness.db, `SELECT * FROM ${String(name)}`);
    const attributes = await report(
      harness.db,
      `SELECT A.ColumnName FROM v_GroupMap G INNER JOIN v_GroupAttributeMap A ON A.GroupID = G.GroupID
       WHERE G.InvClassName = 'v_GS_LOGICAL_DISK'`,
    );
    const listed = attributes.map((row) => String(row['columnname'])).join(', ');
    expect(await report(harness.db, `SELECT ${listed} FROM v_GS_LOGICAL_DISK`)).toHaveLength(2);
  });
});

describe('reporting views on SQL Server', () => {
  it('are made as reviewed, with the tables that they show', () =>
    expectMssqlDdl([createResources, createReportingViews], {
      spec: import.meta.url,
      file: 'resources.mssql.sql',
      schema: 'config_proxy',
    }));
});
