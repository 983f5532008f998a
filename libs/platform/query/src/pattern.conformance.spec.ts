import { matchesPattern, type Pattern, type PatternPart } from '@espalier/conditions';
import { insertRows, portableMigration, t, type Database } from '@espalier/persistence';
import { describeOnEachDatabase, isBabelfish } from '@espalier/testing';
import { SqlWriter } from './compiled-sql.js';
import { afterPrefix, patternSql } from './pattern.sql.js';
import { Random } from './spec/random.fixture.js';

const words = portableMigration('2026-11-21-words', {
  up: (schema) =>
    schema.createTable('word', { columns: { id: t.integer(), word: t.text(100) }, primaryKey: ['id'] }),
  down: (schema) => schema.dropTable('word'),
});

const LETTERS = Array.from('abxä%_[]^-*?\\.$()|+{}/\'" \n5😀\ue000\ud7ff\u{10ffff}');
const PATTERNS = { sqlite: 4_000, postgres: 1_000, mssql: 100 };

function randomPattern(random: Random, letters: readonly string[]): Pattern {
  const character = (): number => random.pick(letters).codePointAt(0) ?? 0;
  const part = (): PatternPart => {
    const kind = random.pick(['any', 'one', 'text', 'text', 'set', 'set'] as const);
    if (kind === 'text')
      return { kind, text: random.times(1 + random.integer(2), () => random.pick(letters)).join('') };
    if (kind !== 'set') return { kind };
    const ranges = random
      .times(1 + random.integer(3), () => {
        const ends = [character(), random.chance(0.5) ? character() : 0].sort((a, b) => a - b);
        return ends[0] === 0 ? { from: ends[1]!, to: ends[1]! } : { from: ends[0]!, to: ends[1]! };
      })
      .filter(({ from, to }) => from !== 0x5d && to !== 0x5d);
    return ranges.length === 0 ? { kind: 'one' } : { kind, negated: random.chance(0.4), ranges };
  };
  return random.times(1 + random.integer(4), part);
}

/** SQL Server takes what lies beyond 16 bits for two characters; Babelfish's only collation ignores case. */
async function comparableLetters(db: Database): Promise<readonly string[]> {
  if (db.dialect !== 'mssql') return LETTERS;
  return (await isBabelfish(db)) ? ['a', 'b', 'x', '5'] : LETTERS.filter((letter) => letter.length === 1);
}

describeOnEachDatabase('patterns', { migrations: [words] }, (open, dialect) => {
  it('match the texts that the reference matches, whatever characters they hold', async () => {
    const db = await open();
    const random = new Random(42);
    const letters = await comparableLetters(db);
    const texts = [
      '',
      ...random.times(300, () => random.times(1 + random.integer(4), () => random.pick(letters)).join('')),
    ];
    await insertRows(
      db,
      'word',
      texts.map((word, id) => ({ id, word })),
    );
    const wrong: object[] = [];
    for (let count = 0; count < PATTERNS[dialect]; count += 1) {
      const pattern = randomPattern(random, letters);
      const negated = random.chance(0.3);
      const writer = new SqlWriter(dialect, 'p');
      const sql = `SELECT word FROM {word} WHERE ${patternSql(writer, 'word', pattern, negated)} ORDER BY id`;
      const found = await db.query<{ word: string }>(sql, writer.params);
      const expected = texts.filter((word) => matchesPattern(pattern, word) !== negated);
      const actual = found.map(({ word }) => word);
      if (actual.join('|') !== expected.join('|')) wrong.push({ pattern, sql, actual, expected });
    }
    expect(wrong).toEqual([]);
  }, 60_000);
});

describe('the end of a prefix', () => {
  it('is the next character, beyond surrogates, and none after the last', () => {
    expect(afterPrefix('ab')).toBe('ac');
    expect(afterPrefix('a\ud7ff')).toBe('a\ue000');
    expect(afterPrefix('a\u{10ffff}')).toBe('b');
    expect(afterPrefix('\u{10ffff}')).toBeUndefined();
  });
});
