import type { ClassModel, PropertyType } from '@espalier/conditions';
import { readOrRefused, scrapsOf } from '@espalier/testing';
import fc from 'fast-check';
import { FilterError, parseFilter, parseOrderBy } from './index.js';

const property = (name: string, type: PropertyType): ClassModel['properties'][number] => ({
  name,
  type,
  column: name.toLowerCase(),
  ...(type === 'text' && { foldedColumn: `${name.toLowerCase()}_folded` }),
});
const model: ClassModel = {
  name: 'Device',
  table: 'device',
  keyColumn: 'id',
  single: true,
  properties: [
    property('Name', 'text'),
    property('SMSID', 'text'),
    property('Client', 'integer'),
    property('IsActive', 'flag'),
    property('LastSeenAt', 'time'),
    property('Order', 'integer'),
  ],
};
const parse = (text: string): ReturnType<typeof parseFilter> => parseFilter(text, model);

function refusal(read: () => unknown): FilterError {
  try {
    read();
  } catch (error) {
    if (error instanceof FilterError) return error;
    throw error;
  }
  throw new Error('not refused');
}

const like = (...pattern: object[]): object => ({ kind: 'like', pattern });
const [any, all] = [{ kind: 'any' }, { kind: 'text', text: 'all' }];

describe('filters that scripts send', () => {
  it('are understood', () => {
    const cases: [string, object][] = [
      ["Name eq 'MAC01'", { kind: 'compare', operator: '=', right: { value: 'mac01' } }],
      ["startswith(Name,'All') eq true", like(all, any)],
      ["startswith(Name,'All') eq false", { kind: 'not', condition: like(all, any) }],
      ["contains(tolower(Name),'ALL')", like(any, all, any)],
      ["not endswith(Name, 'all')", { kind: 'not', condition: like(any, all) }],
      ["Name in ('a','b')", { kind: 'in-list', values: [{ value: 'a' }, { value: 'b' }] }],
      ["Name+eq+'a'", { operator: '=' }],
      ["Name eq 'a'andClient eq 1", { kind: 'and', conditions: [{}, { right: { value: 1 } }] }],
      ["(Name eq 'a')or(Client eq 1)", { kind: 'or' }],
      [
        "SMSID eq guid'6F9619FF-8B86-D011-B42D-00C04FC964FF'",
        { right: { value: '6f9619ff-8b86-d011-b42d-00c04fc964ff' } },
      ],
      [
        'LastSeenAt ge 2026-11-21T10:00:00Z',
        { operator: '>=', right: { type: 'time', value: 1_795_255_200_000 } },
      ],
      ['LastSeenAt lt 2026-11-21', { right: { value: 1_795_219_200_000 } }],
      ["LastSeenAt gt datetime'2026-11-21T10:00:00'", { right: { value: 1_795_255_200_000 } }],
      ['LastSeenAt le 1795255200000', { right: { value: 1_795_255_200_000 } }],
      ['LastSeenAt le now()', { right: { kind: 'run-time', shifts: [] } }],
      ['isActive eq true', { right: { type: 'flag', value: 1 } }],
      ['1 lt Client', { operator: '>', left: { property: { name: 'Client' } } }],
      ['Client eq Order', { right: { property: { name: 'Order' } } }],
      ['Name eq null', { kind: 'is-null' }],
      ['Name ne null', { kind: 'not', condition: { kind: 'is-null' } }],
      ["Name eq 'it''s'", { right: { value: "it's" } }],
      [
        "not (Client eq 1) and Client eq 2 or Name eq 'x'",
        { kind: 'or', conditions: [{ kind: 'and', conditions: [{ kind: 'not' }, {}] }, {}] },
      ],
    ];
    for (const [text, expected] of cases) {
      expect([text, parse(text)]).toEqual([text, expect.objectContaining({ kind: expect.any(String) })]);
      expect(parse(text)).toMatchObject(expected);
    }
  });

  it('are refused with the place and what to write instead', () => {
    const cases: [string, number, string][] = [
      ['', 1, 'a field or a value'],
      ["Nmae eq 'a'", 1, 'Did you mean "Name"?'],
      ["Name = 'a'", 6, 'Write "eq"'],
      ['Name eq "a"', 9, 'single quotes'],
      ["Name eq 'a", 9, 'no closing quote'],
      ['Name eq 5', 9, 'put the value in quotes'],
      ['Client eq 1.5', 11, 'whole'],
      ['Name gt null', 9, 'eq null or ne null'],
      ["'a' eq 'a'", 1, 'a field on one side'],
      ["RoleNames/any(r: r eq 'x')", 10, 'any/all'],
      ["substringof('a', Name)", 1, "contains(field,'text')"],
      ['length(Name) eq 5', 1, 'The functions are'],
      ["contains(Client,'1')", 10, 'a field that is a text'],
      ["contains(Name,'1') eq 1", 23, 'eq true'],
      ["Name eq 'a' Client eq 1", 13, '"and", "or" or the end'],
      ['Name eq Client', 9, 'cannot be compared'],
      ['Name in ()', 10, 'a field or a value'],
      ["(Name eq 'a'", 13, 'Here ")" is expected'],
      [`${'('.repeat(31)}Client eq 1${')'.repeat(31)}`, 32, '30 deep'],
      [`${'tolower('.repeat(31)}Name${')'.repeat(31)} eq 'a'`, 248, '30 deep'],
      [Array.from({ length: 101 }, () => 'Client eq 1').join(' or '), 1_501, '100 conditions'],
      [`Client in (${'1,'.repeat(1_000)}1)`, 2_012, '1000 values'],
      [`Name eq '${'a'.repeat(1_001)}'`, 9, '1000 characters'],
      [' '.repeat(8_001), 1, '8000 characters'],
    ];
    for (const [text, column, message] of cases) {
      const error = refusal(() => parse(text));
      expect([text, error.column, error.message]).toEqual([text, column, expect.stringContaining(message)]);
    }
  });

  it('are read, or refused with a FilterError, whatever they hold', () => {
    const words = "Name|Client|eq|and|or|not|(|)|'a'|'|in|,|1|contains|null|now|desc|2026-11-21T".split('|');
    fc.assert(
      fc.property(scrapsOf(words, ['', ' ', '+'], 40), (text) => {
        for (const read of [parseFilter, parseOrderBy]) readOrRefused(FilterError, () => read(text, model));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('orders', () => {
  it('are fields with directions', () => {
    const order = parseOrderBy('name desc,LastSeenAt asc, order', model);
    expect(order.map((field) => [field.property.name, field.descending])).toEqual([
      ['Name', true],
      ['LastSeenAt', false],
      ['Order', false],
    ]);
  });

  it('are refused with the place and what is wrong', () => {
    const cases: [string, number, string][] = [
      ['', 1, 'name of a field'],
      ['Nam', 1, 'Did you mean "Name"?'],
      ['Name,', 6, 'name of a field'],
      ['Name down', 6, '"desc", a comma or the end'],
      ['Name, name desc', 7, 'comes twice'],
      ["Name ','", 6, '"desc", a comma or the end'],
      ['id,Name,SMSID,Client,Order,IsActive', 1, 'no field "id"'],
      ['Name,SMSID,Client,Order,IsActive,LastSeenAt', 34, 'at most 5 fields'],
    ];
    for (const [text, column, message] of cases) {
      const error = refusal(() => parseOrderBy(text, model));
      expect([text, error.column, error.message]).toEqual([text, column, expect.stringContaining(message)]);
    }
  });
});
