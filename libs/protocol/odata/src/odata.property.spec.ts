import { plainText, readOrRefused, scrapsOf, withoutPlaces } from '@espalier/testing';
import fc from 'fast-check';
import { formatFilter } from './filter.printer.fixture.js';
import {
  bindFilter,
  ODataError,
  parseExpand,
  parseFilter,
  parseOrder,
  parseQueryOptions,
  parseRequestPath,
  parseSelect,
  type FilterExpression,
  type FilterOperand,
} from './index.js';
import { fixtureEntity } from './service.fixture.js';

const RUNS = { numRuns: 300 };
const at = 1;
const text = plainText();
const name = fc.constantFrom('Name', 'ClientType', 'CreationDate', 'Größe', '_x1', 'android', 'Orders');
const kind = <K extends string>(value: K): fc.Arbitrary<K> => fc.constant(value);

const value: fc.Arbitrary<FilterOperand> = fc.oneof(
  fc.record({ kind: kind('text'), value: text, at: fc.constant(at) }),
  fc.record({ kind: kind('number'), value: fc.maxSafeInteger().map((n) => n || 0), at: fc.constant(at) }),
  fc.record({ kind: kind('flag'), value: fc.boolean(), at: fc.constant(at) }),
  fc.record({
    kind: kind('time'),
    value: fc
      .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
      .map((date) => date.toISOString()),
    at: fc.constant(at),
  }),
  fc.constantFrom<FilterOperand>({ kind: 'null', at }, { kind: 'now', at }),
);
const named = fc.record({ kind: kind('name'), name, at: fc.constant(at) });
const operand = fc.oneof(
  named,
  value,
  fc.record({
    kind: kind('case'),
    function: fc.constantFrom('tolower' as const, 'toupper' as const),
    operand: fc.oneof(named, value),
    at: fc.constant(at),
  }),
);

const { filter } = fc.letrec<{ filter: FilterExpression }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3 },
    fc.record({
      kind: kind('compare'),
      operator: fc.constantFrom(
        'eq' as const,
        'ne' as const,
        'lt' as const,
        'le' as const,
        'gt' as const,
        'ge' as const,
      ),
      left: operand,
      right: operand,
      at: fc.constant(at),
    }),
    fc.record({
      kind: kind('affix'),
      function: fc.constantFrom('contains' as const, 'startswith' as const, 'endswith' as const),
      text: operand,
      sought: operand,
      at: fc.constant(at),
    }),
    fc.record({
      kind: kind('in'),
      operand,
      values: fc.array(value, { minLength: 1, maxLength: 3 }),
      at: fc.constant(at),
    }),
    fc.record({ kind: kind('truth'), name, at: fc.constant(at) }),
    fc.record({ kind: kind('lambda'), quantifier: kind('any'), name, at: fc.constant(at) }),
    fc.record({
      kind: kind('lambda'),
      quantifier: fc.constantFrom('any' as const, 'all' as const),
      name,
      variable: fc.constantFrom('x', 'role'),
      condition: tie('filter'),
      at: fc.constant(at),
    }),
    fc.record({ kind: kind('not'), part: tie('filter') }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      parts: fc.array(tie('filter'), { minLength: 2, maxLength: 3 }),
    }),
  ),
}));

const answers = (read: () => unknown): unknown => readOrRefused(ODataError, read);

const system = fixtureEntity('SMS_R_System');
const PIECES = [
  ..."Name|Client|IPAddresses|eq|ne|and|or|not|in|any|all|true|null|now()|tolower|contains|'a'|'it''s'|5|-1|2026-11-21|/|(|)|:|,|+| |'|%|$|@|\0|\ud800|((((((((|x: x|guid'".split(
    '|',
  ),
  '|',
];

describe('texts of requests', () => {
  it('of filters are read as what they were written from', () => {
    fc.assert(
      fc.property(filter, (expression) => {
        expect(withoutPlaces(parseFilter(formatFilter(expression)))).toEqual(withoutPlaces(expression));
      }),
      RUNS,
    );
  });

  it('are understood or refused, whatever they are', () => {
    const anything = fc.oneof(scrapsOf(PIECES, [''], 30), fc.string({ unit: 'binary', maxLength: 60 }));
    fc.assert(
      fc.property(anything, (written) => {
        answers(() => bindFilter(parseFilter(written), system));
        answers(() => parseOrder(written, system));
        answers(() => parseSelect(written, system));
        answers(() => parseExpand(written, system));
        answers(() => parseQueryOptions(written));
        answers(() => parseRequestPath(`/wmi/${written}`));
        answers(() => parseRequestPath(`/wmi/SMS_Site(${written})`));
      }),
      RUNS,
    );
  });

  it('of keys are read as what they were written from, in every way to write them', () => {
    const segment = text.filter((key) => /^[^$']/.test(key) && !/^adminservice\./i.test(key));
    fc.assert(
      fc.property(segment, fc.maxSafeInteger(), (key, number) => {
        const quoted = encodeURIComponent(`'${key.replaceAll("'", "''")}'`);
        expect(parseRequestPath(`/wmi/C(${quoted})`)).toMatchObject({
          key: { value: { kind: 'text', value: key } },
        });
        expect(parseRequestPath(`/wmi/C/${encodeURIComponent(key)}`)).toMatchObject({
          key: { value: { value: key } },
        });
        const composite = parseRequestPath(`/wmi/C(B=${number},A=${quoted})`);
        expect(
          composite.kind === 'entity' && composite.key.kind === 'composite' && [...composite.key.values],
        ).toEqual([
          ['B', { kind: 'integer', value: number || 0 }],
          ['A', { kind: 'text', value: key }],
        ]);
      }),
      RUNS,
    );
  });

  it('never take long, however they repeat', () => {
    const heads = [
      "Name eq '",
      "'",
      'not ',
      '(',
      'a/any(x:',
      "C('",
      "','",
      '%27',
      '$filter=',
      'and',
      '1e',
      ' ',
      '%2F(',
    ];
    const begin = performance.now();
    for (const head of heads) {
      const long = head.repeat(Math.floor(7_900 / head.length));
      answers(() => parseFilter(long));
      answers(() => parseOrder(long, system));
      answers(() => parseQueryOptions(long));
      answers(() => parseRequestPath(`/wmi/${long}`));
    }
    // Reading 52 texts of 7,900 characters takes some 100 ms; quadratic readers take minutes.
    expect(performance.now() - begin).toBeLessThan(5_000);
  });
});
