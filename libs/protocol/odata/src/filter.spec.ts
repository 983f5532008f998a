import { expressionLimits, type Condition } from '@espalier/conditions';
import { formatFilter } from './filter.printer.fixture.js';
import { bindFilter, evaluateFilter, ODataError, parseFilter } from './index.js';
import { fixtureEntity } from './service.fixture.js';

const system = fixtureEntity('SMS_R_System');
const NOW = Date.UTC(2026, 10, 21);

const bound = (text: string): Condition => bindFilter(parseFilter(text), system);
const shown = (text: string): string => formatFilter(parseFilter(text));

function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof ODataError) return `${error.status} ${error.message}`;
    throw error;
  }
  return 'taken';
}

describe('filters', () => {
  it('bind "and" closer than "or", and "not" closest', () => {
    expect(shown('Client or Obsolete and not Active')).toBe('Client or (Obsolete and not Active)');
    expect(shown('not (a eq 1 or b eq 2) and c eq 3')).toBe('not (a eq 1 or b eq 2) and c eq 3');
  });

  it('may be glued together, as a public module does it', () => {
    const glued = "Name eq 'a'andNetbiosName eq 'b'orClient eq 1andnot Obsolete";
    expect(shown(glued)).toBe("(Name eq 'a' and NetbiosName eq 'b') or (Client eq 1 and not Obsolete)");
  });

  it('state their truth in every way', () => {
    const stated = ['eq true', 'ne false', 'EQ TRUE', 'eq false', 'ne true'];
    expect(stated.map((truth) => shown(`contains(Name,'x') ${truth}`))).toEqual([
      "contains(Name,'x')",
      "contains(Name,'x')",
      "contains(Name,'x')",
      "not contains(Name,'x')",
      "not contains(Name,'x')",
    ]);
    expect(shown("(Name eq 'x') eq false")).toBe("not Name eq 'x'");
  });

  it('become conditions over the columns of the model', () => {
    const name = { kind: 'property', alias: 'item', property: { name: 'Name', column: 'name' } };
    expect(bound("NAME eq 'Mac' and Client eq 1")).toMatchObject({
      kind: 'and',
      conditions: [
        { kind: 'compare', operator: '=', left: name, right: { kind: 'literal', value: 'mac' } },
        { left: { property: { column: 'is_client' } }, right: { type: 'flag', value: 1 } },
      ],
    });
    expect(bound("'m' lt Name")).toMatchObject({ operator: '>', left: name, right: { value: 'm' } });
    expect(bound("toupper(Name) eq toupper('mac')")).toMatchObject({ left: name, right: { value: 'mac' } });
    expect(bound('Name ne null')).toMatchObject({
      kind: 'not',
      condition: { kind: 'is-null', property: name },
    });
    expect(bound("Name in ('A','b')")).toMatchObject({
      kind: 'in-list',
      property: name,
      values: [{ value: 'a' }, { value: 'b' }],
    });
    expect(bound("Name in ('A',null)")).toMatchObject({
      kind: 'or',
      conditions: [{ kind: 'in-list' }, { kind: 'is-null' }],
    });
    expect(bound("endswith(Name,'X')")).toMatchObject({
      kind: 'like',
      property: name,
      pattern: [{ kind: 'any' }, { kind: 'text', text: 'x' }],
    });
    expect(bound('CreationDate gt now()')).toMatchObject({ right: { kind: 'run-time' } });
    expect(bound('CreationDate gt LastLogonTimestamp')).toMatchObject({
      right: { property: { column: 'last_user_at' } },
    });
  });

  it('take times in every form', () => {
    const ten = Date.UTC(2026, 10, 21, 10);
    for (const text of [
      '2026-11-21T10:00:00Z',
      '2026-11-21T11:00:00+01:00',
      '2026-11-21T11:00:00 01:00',
      "'2026-11-21T11:00:00 01:00'",
      "'2026-11-21 10:00'",
      "datetime'2026-11-21T10:00:00'",
      "datetimeoffset'2026-11-21T10:00:00.000Z'",
      String(ten),
    ]) {
      expect([text, bound(`CreationDate eq ${text}`)]).toMatchObject([text, { right: { value: ten } }]);
    }
    expect(bound("Name eq '2026-11-21 10:00'")).toMatchObject({ right: { value: '2026-11-21 10:00' } });
  });

  it('ask about arrays by subqueries, or by the column that is their only element', () => {
    expect(bound("IPAddresses/any(a: startswith(a,'10.'))")).toMatchObject({
      kind: 'in-query',
      property: { alias: 'item', property: { column: 'resource_id' } },
      query: {
        root: { class: { table: 'address' } },
        select: { property: { column: 'resource_id' } },
        where: {
          kind: 'and',
          conditions: [
            { kind: 'not', condition: { kind: 'is-null' } },
            { kind: 'like', property: { alias: 'element' } },
          ],
        },
      },
    });
    expect(bound("SMSAssignedSites/any(s: s eq 'ABC')")).toMatchObject({
      kind: 'and',
      conditions: [
        { kind: 'not' },
        { kind: 'compare', left: { alias: 'item', property: { column: 'site' } } },
      ],
    });
    expect(bound("IPAddresses/all(a: a ne 'x')")).toMatchObject({
      kind: 'not',
      condition: { kind: 'in-query' },
    });
  });

  it('are refused where they cannot be read, with place and advice', () => {
    const table: [filter: string, refusal: string][] = [
      ["Nmae eq 'x'", '400 There is no property of SMS_R_System "Nmae". Did you mean "Name"? (character 1)'],
      ["Client eq 1 and Name = 'x'", '400 Write "eq". (character 22)'],
      ['Name eq "x"', "400 Write texts in single quotes: 'text'. (character 9)"],
      [
        "Name eq 'x",
        "400 This text has no closing quote. A quote inside of a text is written twice: 'it''s'. (character 9)",
      ],
      ['Name eq 5', '400 Name is a text: put the value in quotes. (character 9)'],
      ['Name', '400 Name is not true or false: compare it, as in eq. (character 1)'],
      ["'a' eq 'b'", '400 A comparison needs a property on one side. (character 1)'],
      ['Name gt null', '400 Nothing is greater or less than null: write eq null or ne null. (character 9)'],
      ['ClientType eq 1.5', '400 Numbers are whole here. (character 15)'],
      ['ClientType eq Name', '400 ClientType and Name cannot be compared. (character 15)'],
      ['ClientType eq now()', '400 ClientType is no time. (character 15)'],
      ["CreationDate gt 'soon'", '400 CreationDate is a time'],
      ['Notes eq null', '400 Notes cannot be asked for in a filter. (character 1)'],
      ["IPAddresses eq 'x'", '400 IPAddresses is a list: write IPAddresses/any(x: x eq …). (character 1)'],
      ["Name/any(x: x eq 'a')", '400 Name is no list: compare it itself. (character 1)'],
      [
        "IPAddresses/any(x: Name eq 'a')",
        '400 Inside of any and all only x can be asked for. (character 20)',
      ],
      [
        "IPAddresses/any(x: IPAddresses/any(y: y eq 'a'))",
        '400 Inside of any and all there are no others. (character 20)',
      ],
      ['IPAddresses/all()', '400 Here a name for the elements is expected: x: x eq 5. (character 17)'],
      [
        'IPAddresses/$count gt 1',
        '400 Names do not begin with "$". PowerShell replaces $name in double quotes only. (character 13)',
      ],
      ['IPAddresses/First eq 1', '501 After "/" only any(…) and all(…) are possible. (character 13)'],
      ["tolower(SMBIOSGUID) eq 'x'", '400 SMBIOSGUID is compared exactly: leave out tolower. (character 1)'],
      ["tolower(Client) eq 'x'", '400 tolower takes a text. (character 9)'],
      ["contains(Client,'1')", '400 contains takes a property that is a text, and a text. (character 10)'],
      ['contains(Name,5)', '400 contains takes a property that is a text, and a text. (character 15)'],
      [
        "contains(Name,'x') eq 'y'",
        '400 After a condition only "eq true" or "eq false" is possible. (character 23)',
      ],
      ["substringof('x',Name)", "400 Write contains(Name,'text'). (character 1)"],
      [
        'length(Name) eq 5',
        '501 The functions are contains, startswith, endswith, tolower, toupper and now. (character 1)',
      ],
      [
        'nothing(Name) eq 5',
        '400 The functions are contains, startswith, endswith, tolower, toupper and now. (character 1)',
      ],
      ["Flags has 'x'", '501 "has" is not possible here. (character 7)'],
      ['Client eq @p', '400 Write the value itself in place of a parameter alias. (character 11)'],
      ["Name in ('a',Name)", '400 A list holds values. (character 14)'],
      ["'a' in ('a')", '400 Before "in" a property is expected. (character 1)'],
      ['Name eq', '400 Here a property or a value is expected. (character 8)'],
      ["Name eq 'a' b", '400 Here "and", "or" or the end is expected. (character 13)'],
      ["(Name eq 'a'", '400 Here ")" is expected. (character 13)'],
      ["Name eq '\0'", '400 The text holds a character that no name can hold. (character 9)'],
      ['', '400 Here a property or a value is expected. (character 1)'],
    ];
    expect(
      table.map(([filter, expected]) => [filter, refusal(() => bound(filter)).slice(0, expected.length)]),
    ).toEqual(table);
  });

  it('are bounded in length, depth and number', () => {
    const { characters, depth, conditions, values } = expressionLimits;
    const nested = (levels: number): string => `${'('.repeat(levels)}Client${')'.repeat(levels)}`;
    expect(refusal(() => bound(nested(depth)))).toBe('taken');
    expect(refusal(() => bound(nested(depth + 1)))).toContain('at most 30 deep');
    expect(refusal(() => bound(`${'not '.repeat(depth + 1)}Client`))).toContain('at most 30 deep');
    expect(refusal(() => bound(`${'tolower('.repeat(depth + 1)}Name`))).toContain('at most 30 deep');
    expect(
      refusal(() =>
        bound(
          Array(conditions + 1)
            .fill('Client')
            .join(' or '),
        ),
      ),
    ).toContain('at most 100 conditions');
    expect(
      refusal(() =>
        bound(
          `Client in (${Array(values + 1)
            .fill('1')
            .join(',')})`,
        ),
      ),
    ).toContain('at most 1000 values');
    expect(refusal(() => bound('('.repeat(characters + 1)))).toContain('At most 8000 characters');
  });
});

describe('filters in memory', () => {
  const holds = (text: string, values: Record<string, unknown>): boolean =>
    evaluateFilter(parseFilter(text), system, values, NOW);

  it('follow the three-valued logic of SQL', () => {
    const values = { Name: null, Client: 1, Obsolete: false, CreationDate: NOW };
    const truths = [
      "Name eq 'x'",
      "Name ne 'x'",
      "not (Name eq 'x')",
      "Name eq 'x' or Client eq 1",
      'Name eq null',
    ];
    expect(truths.map((text) => holds(text, values))).toEqual([false, false, false, true, true]);
    const others = [
      "Name in ('x',null)",
      'not Obsolete',
      'CreationDate ge now()',
      "not contains(Name,'x')",
      'Name ne null',
    ];
    expect(others.map((text) => holds(text, values))).toEqual([true, true, true, false, false]);
  });

  it('compare texts without case where the property does', () => {
    expect(holds("Name eq 'MÄC'", { Name: 'mäc' })).toBe(true);
    expect(holds("SMBIOSGUID eq 'a'", { SMBIOSGUID: 'A' })).toBe(false);
  });

  it('leave missing elements of arrays out', () => {
    const values = { IPAddresses: ['10.0.0.1', null, '10.0.0.2'], SMSAssignedSites: [] };
    expect(holds("IPAddresses/any(a: a eq '10.0.0.2')", values)).toBe(true);
    expect(holds("IPAddresses/all(a: startswith(a,'10.'))", values)).toBe(true);
    expect(holds("IPAddresses/all(a: a eq '10.0.0.2')", values)).toBe(false);
    expect(holds('IPAddresses/any(a: a eq null)', values)).toBe(false);
    expect(holds('SMSAssignedSites/any() or IPAddresses/any()', values)).toBe(true);
    expect(holds("SMSAssignedSites/all(s: s eq 'x')", values)).toBe(true);
  });
});
