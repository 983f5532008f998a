import fc from 'fast-check';
import { bindSql } from './sql-template.js';

describe('bindSql', () => {
  it('spells parameters and tables for each dialect', () => {
    const sql = 'SELECT * FROM {thing} WHERE a = :a AND (b = :b OR c = :a) AND d IN (:ids)';
    const params = { a: 1, b: 'two', ids: [3, 4] };
    expect(bindSql('sqlite', 'mdm', sql, params)).toEqual({
      text: 'SELECT * FROM "thing" WHERE a = ? AND (b = ? OR c = ?) AND d IN (?, ?)',
      values: [1, 'two', 1, 3, 4],
    });
    expect(bindSql('postgres', 'mdm', sql, params)).toEqual({
      text: 'SELECT * FROM "mdm"."thing" WHERE a = $1 AND (b = $2 OR c = $3) AND d = ANY ($4)',
      values: [1, 'two', 1, [3, 4]],
    });
    expect(bindSql('mssql', 'mdm', sql, params)).toEqual({
      text: 'SELECT * FROM "mdm"."thing" WHERE a = @0 AND (b = @1 OR c = @0) AND d IN (@2, @3)',
      values: [1, 'two', 3, 4],
    });
  });

  it('writes NULL as a literal on SQL Server, whatever the type of the column', () => {
    const sql = 'UPDATE {t} SET a = :a, b = :b WHERE c = :c';
    expect(bindSql('mssql', 's', sql, { a: null, b: 1, c: null })).toEqual({
      text: 'UPDATE "s"."t" SET a = NULL, b = @0 WHERE c = NULL',
      values: [1],
    });
  });

  it.each([
    "'it''s :a {t}'",
    '":a {t}"',
    '-- :a {t}',
    '/* :a\n {t} */',
    '$$ :a {t} $$',
    '$body$ :a $$ {t} $body$',
    'x::text',
  ])('leaves %s alone', (text) => {
    expect(bindSql('postgres', 's', `SELECT ${text}\n, :a`, { a: 1 }).text).toBe(`SELECT ${text}\n, $1`);
  });

  it('takes a single value for a list of one', () => {
    expect(bindSql('postgres', 's', 'a IN (:a)', { a: 1 })).toEqual({ text: 'a IN ($1)', values: [1] });
  });

  it('refuses a parameter without a value, an empty list, and names from the prototype', () => {
    expect(() => bindSql('sqlite', 's', ':a', {})).toThrow(':a has no value');
    expect(() => bindSql('sqlite', 's', ':toString', {})).toThrow(':toString has no value');
    expect(() => bindSql('sqlite', 's', 'IN (:a)', { a: [] })).toThrow('empty list');
    expect(() => bindSql('postgres', 's', 'NOT IN (:a)', { a: [] })).toThrow('empty list');
    expect(() => bindSql('sqlite', 's', 'x = :a', { a: [1] })).toThrow('outside of IN');
  });

  it('never lets a value into the text', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string(), { minLength: 1, maxLength: 5 }), (a, list) => {
        for (const dialect of ['sqlite', 'postgres', 'mssql'] as const) {
          const { text, values } = bindSql(dialect, 's', 'x = :a AND y NOT IN (:list)', { a, list });
          const many = list.map(() => '#').join(', ');
          expect(text.replace(/\?|\$\d+|@\d+/g, '#')).toBe(
            `x = # AND y ${dialect === 'postgres' ? '<> ALL (#)' : `NOT IN (${many})`}`,
          );
          expect(values.flat()).toEqual([a, ...list]);
        }
      }),
      { numRuns: 100 },
    );
  });
});
