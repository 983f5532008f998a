import type { ComparisonOperator, Place, TimeUnit } from '@espalier/conditions';
import { plainText, readOrRefused, scrapsOf, withoutPlaces } from '@espalier/testing';
import fc from 'fast-check';
import { formatWql, parseWql, WqlError, type WqlCondition, type WqlQuery } from './index.js';

const at: Place = { line: 1, column: 1, piece: '' };
const name = fc.constantFrom('Name', 'ResourceId', 'SMS_R_System', 'Größe', '_x1');
const alias = fc.constantFrom('a', 'B', undefined);
const operator = fc.constantFrom<ComparisonOperator>('=', '<>', '<', '<=', '>', '>=');
const unit = fc.constantFrom<TimeUnit>('year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second');
const integer = fc.maxSafeInteger().map((value) => (value === 0 ? 0 : value));

const path = fc.record({
  kind: fc.constant('path' as const),
  qualifier: fc.option(name, { nil: undefined }),
  name,
  at: fc.constant(at),
});
const text = fc.record({
  kind: fc.constant('text' as const),
  value: plainText(),
  at: fc.constant(at),
});
const value = fc.oneof(
  text,
  fc.record({ kind: fc.constant('integer' as const), value: integer, at: fc.constant(at) }),
  fc.record({ kind: fc.constant('flag' as const), value: fc.boolean(), at: fc.constant(at) }),
);
const runTime = fc.record({
  kind: fc.constant('run-time' as const),
  shifts: fc.array(fc.record({ unit, amount: integer }), { maxLength: 3 }),
  at: fc.constant(at),
});
const time = fc.oneof(path, text, runTime);
const difference = fc.record({
  kind: fc.constant('date-difference' as const),
  unit,
  from: time,
  to: time,
  at: fc.constant(at),
});
const operand = fc.oneof(path, value, runTime, difference);

const { query } = fc.letrec<{ query: WqlQuery; condition: WqlCondition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    fc.record({
      kind: fc.constant('compare' as const),
      operator,
      left: operand,
      right: operand,
      at: fc.constant(at),
    }),
    fc.record({ kind: fc.constant('like' as const), negated: fc.boolean(), property: path, pattern: text }),
    fc.record({
      kind: fc.constant('in-list' as const),
      negated: fc.boolean(),
      property: path,
      values: fc.array(value, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('is-null' as const), negated: fc.boolean(), property: path }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      conditions: fc.array(tie('condition'), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), condition: tie('condition') }),
    fc.record({
      kind: fc.constant('in-query' as const),
      negated: fc.boolean(),
      property: path,
      query: fc.record({
        distinct: fc.boolean(),
        select: fc.tuple(path),
        from: fc.record({ className: name, alias, at: fc.constant(at) }),
        joins: fc.constant([]),
        where: fc.constant(undefined),
      }),
    }),
  ),
  query: fc.record({
    distinct: fc.boolean(),
    select: fc.array(
      fc.oneof(
        path,
        fc.record({
          kind: fc.constant('all' as const),
          qualifier: fc.option(name, { nil: undefined }),
          at: fc.constant(at),
        }),
      ),
      { minLength: 1, maxLength: 3 },
    ),
    from: fc.record({ className: name, alias, at: fc.constant(at) }),
    joins: fc.array(
      fc.record({
        kind: fc.constantFrom('inner' as const, 'left' as const),
        className: name,
        alias,
        on: fc.array(fc.record({ left: path, right: path }), { minLength: 1, maxLength: 2 }),
        at: fc.constant(at),
      }),
      { maxLength: 3 },
    ),
    where: fc.option(tie('condition'), { nil: undefined }),
  }),
}));

describe('WQL properties', () => {
  it('reads back what it writes', () => {
    fc.assert(
      fc.property(query, (written) => {
        expect(withoutPlaces(parseWql(formatWql(written)))).toEqual(withoutPlaces(written));
      }),
      { numRuns: 300 },
    );
  });

  it('reads any text, or refuses it with a WqlError', () => {
    const words = [
      ...`select|*|from|where|Name|=|(|)|"|'|\\|in|not|like|,|.|join|on|and|DateAdd|day|-1`.split('|'),
      '\n',
    ];
    fc.assert(
      fc.property(scrapsOf(words, ['', ' '], 60), (written) => {
        readOrRefused(WqlError, () => parseWql(written));
      }),
      { numRuns: 2_000 },
    );
  });
});
