import { bindWql, classesOf, formatWql, parseWql, WqlError } from './index.js';
import { wqlModel } from './wql.fixture.js';

const bind = (text: string): ReturnType<typeof bindWql> => bindWql(parseWql(text), wqlModel);
const where = (condition: string): string => `select * from SMS_R_System where ${condition}`;

function refusal(text: string): WqlError {
  try {
    bind(text);
  } catch (error) {
    if (error instanceof WqlError) return error;
    throw error;
  }
  throw new Error(`not refused: ${text}`);
}

const EXTENSION =
  'inner join SMS_G_System_ExtensionData on SMS_G_System_ExtensionData.ResourceId = SMS_R_System.ResourceId';

describe('rules as consoles write them', () => {
  it('are understood, whatever they select and in any case', () => {
    const text = `SELECT SMS_R_SYSTEM.ResourceID, SMS_R_SYSTEM.ResourceType, SMS_R_SYSTEM.Name
      FROM sms_r_system INNER JOIN SMS_G_SYSTEM_EXTENSIONDATA
      ON SMS_G_SYSTEM_EXTENSIONDATA.RESOURCEID = SMS_R_SYSTEM.RESOURCEID
      WHERE SMS_G_SYSTEM_EXTENSIONDATA.PROPERTYNAME = "AssetTag" AND sms_r_system.client = 1`;
    const query = bind(text);
    expect(query.joins).toMatchObject([{ kind: 'inner', on: ['sms_r_system'] }]);
    expect(query.where).toMatchObject({
      kind: 'and',
      conditions: [
        { operator: '=', left: { alias: 'sms_g_system_extensiondata' }, right: { value: 'assettag' } },
        { operator: '=', right: { type: 'flag', value: 1 } },
      ],
    });
    expect(classesOf(query)).toEqual(['SMS_R_System', 'SMS_G_System_ExtensionData']);
  });

  it('name classes by alias, join the same twice, and need no class for what only one has', () => {
    const query = bind(`select distinct S.* from SMS_R_System as S
      left outer join SMS_G_System_ExtensionData A on S.ResourceId = A.ResourceId
      inner join SMS_G_System_ExtensionData as B on B.ResourceId = S.ResourceId and B.ResourceId = A.ResourceId
      where A.PropertyName = 'a' and B.PropertyName = 'b' and Name = 'c' and ResourceId > 5`);
    expect(query.joins.map(({ kind, alias, on }) => [kind, alias, on])).toEqual([
      ['left', 'a', ['s']],
      ['inner', 'b', ['s', 'a']],
    ]);
    expect(query.where).toMatchObject({
      conditions: [{}, {}, { left: { alias: 's' } }, { left: { alias: 's' } }],
    });
  });

  it('have texts in either quotes, with doubled quotes and backslashes', () => {
    const value = (text: string): unknown =>
      (bind(where(`Name = ${text}`)).where as { right: { value: unknown } }).right.value;
    expect(value(String.raw`"contoso\\o'neil"`)).toBe(String.raw`contoso\o'neil`);
    expect(value(`"say ""a"""`)).toBe('say "a"');
    expect(value(`'it''s "b"'`)).toBe(`it's "b"`);
    expect(value(String.raw`"\"\'"`)).toBe(`"'`);
    expect(value(String.raw`'contoso\group'`)).toBe(String.raw`contoso\group`);
  });

  it('compare in either order, and with times', () => {
    expect(bind(where('5 < ClientType')).where).toMatchObject({
      operator: '>',
      left: { property: { name: 'ClientType' } },
    });
    expect(
      bind(where('LastLogonTimestamp < DateAdd(month, -1, DateAdd(dd, 2, GetDate()))')).where,
    ).toMatchObject({
      right: {
        kind: 'run-time',
        shifts: [
          { unit: 'day', amount: 2 },
          { unit: 'month', amount: -1 },
        ],
      },
    });
    expect(bind(where('30 <= DATEDIFF(d, CreationDate, LastLogonTimestamp)')).where).toMatchObject({
      kind: 'date-difference',
      unit: 'day',
      operator: '>=',
      value: 30,
    });
  });

  it('have patterns with sets', () => {
    expect(bind(where(`Name like "%[A-F][^_]_[[]x%"`)).where).toMatchObject({
      pattern: [
        { kind: 'any' },
        { kind: 'set', negated: false, ranges: [{ from: 97, to: 102 }] },
        { kind: 'set', negated: true, ranges: [{ from: 95, to: 95 }] },
        { kind: 'one' },
        { kind: 'set', ranges: [{ from: 91, to: 91 }] },
        { kind: 'text', text: 'x' },
        { kind: 'any' },
      ],
    });
  });

  it('ask for arrays: each is joined once for every class that has it, and for every subquery', () => {
    const query = bind(`select S.MACAddresses, S.Name from SMS_R_System as S
      join SMS_R_System as T on T.ResourceId = S.ResourceId
      where S.macaddresses like "02:%" and S.MACAddresses <> T.MACAddresses and S.AgentName = "a"
      and S.AgentTime < GetDate() and T.ResourceId not in
        (select ResourceId from SMS_R_System where MACAddresses is null)
      and S.Name in (select MACAddresses from SMS_R_System)`);
    expect(query.joins.map(({ kind, alias, class: { name }, on }) => [kind, alias, name, on])).toEqual([
      ['inner', 't', 'SMS_R_System', ['s']],
      ['left', 's.adapters', 'adapters', ['s']],
      ['left', 't.adapters', 'adapters', ['t']],
      ['left', 's.agents', 'agents', ['s']],
    ]);
    expect(query.where).toMatchObject({
      conditions: [
        { kind: 'like', property: { alias: 's.adapters' } },
        { left: { alias: 's.adapters' }, right: { alias: 't.adapters' } },
        { left: { alias: 's.agents' } },
        { left: { alias: 's.agents' } },
        { condition: { query: { joins: [{ alias: 'sms_r_system.adapters' }] } } },
        { query: { select: { alias: 'sms_r_system.adapters' }, joins: [{ kind: 'left' }] } },
      ],
    });
    expect(classesOf(query)).toEqual(['SMS_R_System', 'SMS_G_System_NETWORK_ADAPTER', 'agents']);
    // What is selected changes nothing, and joins nothing.
    expect(bind('select MACAddresses from SMS_R_System').joins).toEqual([]);
  });

  it('bind not before and, and before or', () => {
    expect(parseWql(where('not Client = 1 and Client = 0 or Client is null')).where).toMatchObject({
      kind: 'or',
      conditions: [{ kind: 'and', conditions: [{ kind: 'not' }, { kind: 'compare' }] }, { kind: 'is-null' }],
    });
  });

  it('are written in one spelling', () => {
    const text = `SELECT  *
      FROM SMS_R_System S LEFT JOIN SMS_G_System_ExtensionData ON S.ResourceId=SMS_G_System_ExtensionData.ResourceID
      WHERE NOT(S.Name LIKE 'a"\\\\%' OR S.Client IN(1,FALSE)) AND ResourceId NOT IN (SELECT ResourceId FROM SMS_G_System_INSTALLED_SOFTWARE)`;
    expect(formatWql(parseWql(text))).toBe(
      String.raw`select * from SMS_R_System as S left join SMS_G_System_ExtensionData on S.ResourceId = SMS_G_System_ExtensionData.ResourceID where not (S.Name like "a\"\\%" or S.Client in (1, false)) and ResourceId not in (select ResourceId from SMS_G_System_INSTALLED_SOFTWARE)`,
    );
  });
});

describe('refusals', () => {
  it('say where and what, and what to write instead', () => {
    const cases: [text: string, place: string, message: string][] = [
      ['', '1:1', 'Here "select" is expected'],
      ['update SMS_R_System set Name = 1', '1:1', 'Here "select" is expected'],
      ['select * from SMS_R_Sytem', '1:15', 'Did you mean "SMS_R_System"?'],
      ['select * from SMS_G_System_ExtensionData', '1:15', 'selects from SMS_R_System'],
      ['select * from SMS_R_System, SMS_G_System_ExtensionData', '1:27', 'inner join'],
      ['select * from SMS_R_System order by Name', '1:28', 'leave "order by" out'],
      ['select * from SMS_R_System right join X on a = b', '1:28', 'inner and left'],
      [`select * from SMS_R_System ${EXTENSION} ${EXTENSION}`, '1:144', 'give one an alias'],
      [
        'select * from SMS_R_System S join SMS_G_System_ExtensionData E on E.PropertyName = S.Name',
        '1:67',
        'by ResourceId only',
      ],
      [
        'select * from SMS_R_System S join SMS_G_System_ExtensionData E on S.ResourceId = S.ResourceId',
        '1:67',
        'earlier class',
      ],
      ['select X.Name from SMS_R_System', '1:8', 'no class or alias "X"'],
      [where('\n  Nmae = "a"'), '2:3', 'Did you mean "Name"?'],
      [where('MACAdresses = "a"'), '1:34', 'Did you mean "MACAddresses"?'],
      [where('AgentTime = "a"'), '1:46', 'AgentTime is a time'],
      [where('MACAddresses = AgentTime'), '1:49', 'MACAddresses is a text, AgentTime is a time'],
      [
        'select * from SMS_R_System S join SMS_R_System T on T.MACAddresses = S.ResourceId',
        '1:53',
        'by ResourceId only',
      ],
      [
        where('SMS_G_System_ExtensionData.PropertyName = "a"'),
        '1:34',
        'add "inner join SMS_G_System_ExtensionData on',
      ],
      [where('Name = null'), '1:41', '"is null" or "is not null"'],
      [where('Name = "a'), '1:41', 'no closing quote'],
      [where('Name = “a”'), '1:41', 'straight quotes'],
      [where('Name = 5'), '1:41', 'put the value in quotes'],
      [where('Name = ClientType'), '1:41', 'Name is a text, ClientType is a whole number'],
      [where('Name = SMSUniqueIdentifier'), '1:41', 'case counts in one'],
      [where('ClientType = "a"'), '1:47', 'whole number'],
      [where('ClientType = 1.5'), '1:47', 'whole number'],
      [where('ClientType like "a"'), '1:34', 'like is for texts'],
      [where('Name like "[a"'), '1:44', 'write [[] for a bracket'],
      [where('Name like "[]"'), '1:44', 'empty set'],
      [where('Name like "[f-a]"'), '1:44', 'runs backwards'],
      [where('1 = 1'), '1:34', 'needs a property'],
      [where('Name'), '1:38', 'an operator is expected'],
      [where('Name = "a" and'), '1:48', 'The query ends here'],
      [where('(Name = "a"'), '1:45', 'closes the parenthesis'],
      [where('Name = "a")'), '1:44', 'not opened'],
      [where('Name = "a" -- b'), '1:45', 'Comments'],
      [where('Name = "a"; drop table resource'), '1:44', 'without ";"'],
      [where('Name in ()'), '1:43', 'Here a property or a value is expected'],
      [where('upper(Name) = "A"'), '1:34', 'DateDiff, DateAdd and GetDate'],
      [where('LastLogonTimestamp < "yesterday"'), '1:55', '2026-11-21T10:00:00Z'],
      [where('Name < GetDate()'), '1:41', 'Name is no time'],
      [where('DateDiff(fortnight, CreationDate, GetDate()) > 1'), '1:43', 'year, quarter, month'],
      [where('DateDiff(day, GetDate(), GetDate()) > 1'), '1:34', 'needs a property'],
      [where('DateDiff(month, CreationDate, LastLogonTimestamp) > 1'), '1:34', 'not months'],
      [where('DateDiff(day, CreationDate, GetDate()) > ClientType'), '1:75', 'a whole number'],
      [where('ResourceId in (select * from SMS_G_System_ExtensionData)'), '1:56', 'selects one property'],
      [where('ResourceId in (select PropertyName from SMS_G_System_ExtensionData)'), '1:56', 'a text'],
      [
        where(
          'ResourceId in (select ResourceId from SMS_G_System_ExtensionData where SMS_R_System.Name = "a")',
        ),
        '1:105',
        'not in this query',
      ],
    ];
    for (const [text, place, message] of cases) {
      const error = refusal(text);
      expect([text, `${error.line}:${error.column}`, error.message]).toEqual([
        text,
        place,
        expect.stringContaining(message),
      ]);
    }
  });

  it('keep queries small', () => {
    const nested = (depth: number): string => `${'('.repeat(depth)}Client = 1${')'.repeat(depth)}`;
    const joins = (count: number): string =>
      Array.from(
        { length: count },
        (_, i) => `join SMS_G_System_ExtensionData as e${i} on e${i}.ResourceId = SMS_R_System.ResourceId`,
      ).join(' ');
    const inside = (levels: number): string =>
      levels === 0
        ? 'Client = 1'
        : `ResourceId in (select ResourceId from SMS_R_System where ${inside(levels - 1)})`;
    const list = (count: number): string =>
      `ResourceId in (${Array.from({ length: count }, () => 1).join()})`;
    const withinAndBeyond: [within: string, beyond: string, message: string][] = [
      [where(nested(30)), where(nested(31)), '30 deep'],
      [where(`${'not '.repeat(30)}Client = 1`), where(`${'not '.repeat(31)}Client = 1`), '30 deep'],
      [
        where(Array.from({ length: 100 }, () => 'Client = 1').join(' and ')),
        where(Array.from({ length: 101 }, () => 'Client = 1').join(' or ')),
        '100 conditions',
      ],
      [`select * from SMS_R_System ${joins(10)}`, `select * from SMS_R_System ${joins(11)}`, '10 joins'],
      [where(inside(2)), where(inside(3)), '2 deep'],
      [where(list(1_000)), where(list(1_001)), '1000 values'],
      [where(`Name = "${'a'.repeat(1_000)}"`), where(`Name = "${'a'.repeat(1_001)}"`), '1000 characters'],
      [
        `${where('Client = 1')}${' '.repeat(7_000)}`,
        `${where('Client = 1')}${' '.repeat(8_000)}`,
        '8000 characters',
      ],
    ];
    for (const [within, beyond, message] of withinAndBeyond) {
      expect(bind(within)).toBeDefined();
      expect(refusal(beyond).message).toContain(message);
    }
  });
});
