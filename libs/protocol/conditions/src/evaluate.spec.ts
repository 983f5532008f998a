import type { Condition, PropertyRef, TypedQuery } from './condition.js';
import { compareTexts, evaluateCondition, evaluateQuery } from './evaluate.js';
import type { ClassModel, PropertyModel } from './model.js';
import { classesOf, traitsOf } from './traits.js';

const name: PropertyModel = { name: 'Name', type: 'text', column: 'name', foldedColumn: 'name_folded' };
const size: PropertyModel = { name: 'Size', type: 'integer', column: 'size' };
const device: ClassModel = {
  name: 'Device',
  table: 'device',
  keyColumn: 'id',
  single: true,
  properties: [name, size],
};
const app: ClassModel = { ...device, name: 'App', table: 'app', single: false };

const ref = (property: PropertyModel, alias = 'd'): PropertyRef => ({ kind: 'property', alias, property });
const equals = (value: number, alias = 'd'): Condition => ({
  kind: 'compare',
  operator: '=',
  left: ref(size, alias),
  right: { kind: 'literal', type: 'integer', value },
});
const truth = (condition: Condition, row = {}): boolean | null => evaluateCondition(condition, 'd', row, 0);

describe('conditions about one row', () => {
  const [yes, no, unknown] = [equals(1), equals(2), { ...equals(1), left: ref({ ...size, column: 'none' }) }];
  const row = { size: 1 };

  it('follow the three-valued logic of SQL', () => {
    const and = (...conditions: Condition[]): boolean | null => truth({ kind: 'and', conditions }, row);
    const or = (...conditions: Condition[]): boolean | null => truth({ kind: 'or', conditions }, row);
    expect([and(yes, yes), and(yes, unknown), and(unknown, no), and(no, yes)]).toEqual([
      true,
      null,
      false,
      false,
    ]);
    expect([or(no, no), or(no, unknown), or(unknown, yes), or(yes, no)]).toEqual([false, null, true, true]);
    expect([yes, no, unknown].map((condition) => truth({ kind: 'not', condition }, row))).toEqual([
      false,
      true,
      null,
    ]);
  });

  it('are unknown about what is missing, but for "is null"', () => {
    const property = ref(name);
    const leaves: Condition[] = [
      { kind: 'like', property, pattern: [{ kind: 'any' }] },
      { kind: 'in-list', property, values: [{ kind: 'literal', type: 'text', value: 'a' }] },
      { kind: 'compare', operator: '<>', left: property, right: property },
    ];
    expect(leaves.map((leaf) => truth(leaf, { name: null }))).toEqual([null, null, null]);
    expect(truth({ kind: 'is-null', property }, { name: null })).toBe(true);
    expect(truth({ kind: 'is-null', property }, { name: '' })).toBe(false);
  });

  it('compare texts without case, in any normal form, by code points', () => {
    const is = (value: string): Condition => ({
      kind: 'compare',
      operator: '=',
      left: ref(name),
      right: { kind: 'literal', type: 'text', value },
    });
    expect(truth(is('äb'), { name: 'A\u0308B' })).toBe(true);
    // UTF-16 would order them the other way round.
    expect(compareTexts('\uffee', '😀')).toBeLessThan(0);
    expect(compareTexts('a', 'ab')).toBeLessThan(0);
  });
});

describe('queries', () => {
  const tables = new Map([
    [
      'Device',
      [
        { id: 1, size: 1 },
        { id: 2, size: 2 },
        { id: 3, size: null },
      ],
    ],
    [
      'App',
      [
        { id: 1, size: 5 },
        { id: 1, size: 6 },
        { id: 3, size: null },
      ],
    ],
  ]);
  const root = { alias: 'd', class: device };
  const join = { kind: 'inner', alias: 'a', class: app, on: ['d'] } as const;
  const select = (query: Partial<TypedQuery>): number[] => [
    ...evaluateQuery({ root, joins: [], ...query }, tables, 0),
  ];

  it('select each key once, for which one combination of rows fulfils the condition', () => {
    expect(select({})).toEqual([1, 2, 3]);
    expect(select({ joins: [join] })).toEqual([1, 3]);
    expect(select({ joins: [join], where: equals(6, 'a') })).toEqual([1]);
    // No row of one App has both sizes.
    expect(
      select({ joins: [join], where: { kind: 'and', conditions: [equals(5, 'a'), equals(6, 'a')] } }),
    ).toEqual([]);
    const twice = [join, { ...join, alias: 'b' }];
    expect(
      select({ joins: twice, where: { kind: 'and', conditions: [equals(5, 'a'), equals(6, 'b')] } }),
    ).toEqual([1]);
  });

  it('keep with a left join what has no row', () => {
    const missing: Condition = { kind: 'is-null', property: ref({ ...size, column: 'id' }, 'a') };
    expect(select({ joins: [{ ...join, kind: 'left' }], where: missing })).toEqual([2]);
  });

  it('are not emptied by a subquery that selects something missing', () => {
    const inApps: Condition = {
      kind: 'in-query',
      property: ref(size),
      query: { root: { alias: 'a', class: app }, joins: [], select: ref(size, 'a') },
    };
    expect(select({ where: { kind: 'not', condition: inApps } })).toEqual([1, 2]);
  });

  it('tell which classes they read, and whether time or other resources decide', () => {
    const key = { name: 'ResourceId', type: 'integer', column: 'id' } as const;
    const subquery = { root: { alias: 'a', class: app }, joins: [], select: ref(key, 'a') };
    const byKey: TypedQuery = {
      root,
      joins: [],
      where: { kind: 'in-query', property: ref(key), query: subquery },
    };
    expect(classesOf(byKey)).toEqual(['Device', 'App']);
    expect(traitsOf(byKey)).toMatchObject({ usesRunTime: false, crossesResources: false });
    const bySize: TypedQuery = {
      root,
      joins: [],
      where: { kind: 'in-query', property: ref(size), query: subquery },
    };
    expect(traitsOf(bySize).crossesResources).toBe(true);
    const old: Condition = {
      kind: 'compare',
      operator: '<',
      left: ref({ name: 'Seen', type: 'time', column: 'seen_at' }),
      right: { kind: 'run-time', shifts: [] },
    };
    expect(traitsOf({ root, joins: [], where: { kind: 'not', condition: old } }).usesRunTime).toBe(true);
  });
});
