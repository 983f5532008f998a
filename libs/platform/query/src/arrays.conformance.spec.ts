import { evaluateQuery, type PlainRow } from '@espalier/conditions';
import { describeOnEachDatabase } from '@espalier/testing';
import { bindWql, parseWql } from '@espalier/wql';
import { compileQuery } from './query.compiler.js';
import { NOW, ruleModel, ruleRows, siteMigration, siteModel, storeRows } from './spec/site.fixture.js';

const rowsOf = (className: string, rows: readonly PlainRow[]): [string, readonly PlainRow[]] => [
  className,
  rows.map((row) => ({
    ...Object.fromEntries(
      siteModel.classes
        .filter(({ name }) => name === className)
        .flatMap(({ properties }) => properties.map(({ column }) => [column, null])),
    ),
    ...row,
  })),
];

/** 1 has two adapters, 2 has one of them, 3 has another, 4 has one without an address, 5 has none. */
const site = new Map([
  rowsOf(
    'SMS_R_System',
    [1, 2, 3, 4, 5].map((id) => ({ resource_id: id, name: `mac ${id}` })),
  ),
  rowsOf('SMS_G_System_COMPUTER_SYSTEM', []),
  rowsOf('SMS_G_System_NETWORK_ADAPTER', [
    { resource_id: 1, mac_address: '02:A', speed: 1 },
    { resource_id: 1, mac_address: '02:B', speed: 2 },
    { resource_id: 2, mac_address: '02:A', speed: 2 },
    { resource_id: 3, mac_address: '08:C', speed: 1 },
    { resource_id: 4, mac_address: null, speed: 1 },
  ]),
  rowsOf('SMS_G_System_INSTALLED_SOFTWARE', [
    { resource_id: 1, product_name: 'Heartbeat', installed_at: Date.UTC(2026, 0, 1) },
    { resource_id: 1, product_name: 'Network', installed_at: Date.UTC(2026, 10, 1) },
    { resource_id: 2, product_name: 'Heartbeat', installed_at: Date.UTC(2026, 10, 1) },
  ]),
]);

describeOnEachDatabase('array properties', { migrations: [siteMigration] }, (open, dialect) => {
  let db: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    db = await open();
    await storeRows(db, site);
  });

  it.each<[condition: string, selects: readonly number[]]>([
    // Any element will do.
    ['MACAddresses = "02:A"', [1, 2]],
    ['"02:A" = MACAddresses', [1, 2]],
    ['MACAddresses like "02:%"', [1, 2]],
    ['MACAddresses in ("02:B", "08:C")', [1, 3]],
    ['MACAddresses is not null', [1, 2, 3]],
    ['Name = "mac 5" or MACAddresses = "08:C"', [3, 5]],
    // Also for what is denied: an element that is not so, never "no element is so".
    ['MACAddresses <> "02:A"', [1, 3]],
    ['not MACAddresses = "02:A"', [1, 3]],
    ['MACAddresses not like "02:%"', [3]],
    ['MACAddresses not in ("02:A", "08:C")', [1]],
    ['ResourceId not in (select ResourceId from SMS_R_System where MACAddresses = "02:A")', [3, 4, 5]],
    // An array that is empty, and an element without a value.
    ['MACAddresses is null', [4, 5]],
    ['Speeds is null', [5]],
    // Several conditions are about one element; side by side arrays stay side by side.
    ['MACAddresses = "02:A" and MACAddresses = "02:B"', []],
    ['MACAddresses = "02:A" and Speeds = 1', [1]],
    ['MACAddresses = "02:A" and Speeds = 2', [2]],
    ['AgentName = "HEARTBEAT" and DateDiff(day, AgentTime, GetDate()) > 90', [1]],
    ['AgentName = "heartbeat" and AgentTime > "2026-06-01"', [2]],
    [
      'MACAddresses = "02:A" and ResourceId in (select ResourceId from SMS_R_System where MACAddresses = "02:B")',
      [1],
    ],
    // Two arrays have nothing to do with one another.
    ['MACAddresses = "02:B" and AgentName = "Network"', [1]],
    ['MACAddresses = "08:C" or AgentName = "Network"', [1, 3]],
    // Selected by a subquery.
    ['Name = "mac 1" and MACAddresses in (select MACAddresses from SMS_R_System where Name = "mac 2")', [1]],
    // Names that hold nothing.
    ['SystemOUName = "SITE/LABS"', []],
    ['SystemOUName <> "SITE/LABS"', []],
    ['SystemOUName not like "%"', []],
    ['WipeStatus in (1, 2) or Name = SystemOUName', []],
    ['DateDiff(day, ExpiryTime, CreationDate) > 0 or ExpiryTime < GetDate()', []],
    ['SystemOUName is null and WipeStatus is null', [1, 2, 3, 4, 5]],
    ['Name in (select SystemOUName from SMS_R_System)', []],
    [
      'ResourceId not in (select ResourceId from SMS_R_System where SystemOUName = "SITE/LABS")',
      [1, 2, 3, 4, 5],
    ],
  ])('select where %s', async (condition, selects) => {
    const typed = bindWql(parseWql(`select * from SMS_R_System where ${condition}`), ruleModel);
    expect([...evaluateQuery(typed, ruleRows(site), NOW)]).toEqual(selects);
    const { sql, params } = compileQuery(typed, dialect, { now: NOW });
    const rows = await db.query<{ resource_id: number }>(sql, params);
    expect(rows.map(({ resource_id }) => resource_id).sort((a, b) => a - b)).toEqual(selects);
  });
});
