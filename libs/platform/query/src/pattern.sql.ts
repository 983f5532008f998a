import type { CharacterRange, Pattern, PatternPart } from '@espalier/conditions';
import type { Dialect } from '@espalier/persistence';
import type { SqlWriter } from './compiled-sql.js';

/** Whether the text in `column` matches (or does not match) the pattern; both are in compared form. */
export function patternSql(writer: SqlWriter, column: string, pattern: Pattern, negated: boolean): string {
  const exact = textOf(pattern);
  if (exact !== undefined) return `${column} ${negated ? '<>' : '='} ${writer.value(exact)}`;
  const range = negated ? undefined : prefixRange(writer, column, pattern);
  if (range !== undefined && pattern.length === 2 && pattern[1]?.kind === 'any') return range;
  const matches = matchSql[writer.dialect](writer, column, pattern, negated ? 'NOT ' : '');
  return range === undefined ? matches : `(${range} AND ${matches})`;
}

type MatchSql = (writer: SqlWriter, column: string, pattern: Pattern, not: string) => string;

const matchSql: Readonly<Record<Dialect, MatchSql>> = {
  sqlite: (writer, column, pattern, not) =>
    `${column} ${not}GLOB ${writer.value(pattern.map(globPart).join(''))}`,
  postgres: (writer, column, pattern, not) =>
    pattern.some(({ kind }) => kind === 'set')
      ? `${column} ${not === '' ? '~' : '!~'} ${writer.value(`^${pattern.map(regexPart).join('')}$`)}`
      : `${column} ${not}LIKE ${writer.value(pattern.map(likePart).join(''))} ESCAPE '\\'`,
  mssql: (writer, column, pattern, not) =>
    `${column} ${not}LIKE ${writer.value(pattern.map(mssqlPart).join(''))}`,
};

/** The text itself, where the pattern has no wildcards. */
function textOf(pattern: Pattern): string | undefined {
  const texts = pattern.map((part) => (part.kind === 'text' ? part.text : undefined));
  return texts.includes(undefined) ? undefined : texts.join('');
}

/**
 * What a pattern begins with, as a range that an index serves: planners do not look into a parameter for it. SQL
 * Server does, and would compare with trailing spaces left out.
 */
function prefixRange(writer: SqlWriter, column: string, pattern: Pattern): string | undefined {
  const [first] = pattern;
  if (first?.kind !== 'text' || writer.dialect === 'mssql') return undefined;
  const end = afterPrefix(first.text);
  const from = `${column} >= ${writer.value(first.text)}`;
  return end === undefined ? from : `(${from} AND ${column} < ${writer.value(end)})`;
}

/** The least text, by code points, that is greater than every text with the prefix; undefined where none is. */
export function afterPrefix(prefix: string): string | undefined {
  const characters = Array.from(prefix);
  for (let last = characters.pop(); last !== undefined; last = characters.pop()) {
    const code = last.codePointAt(0) ?? 0;
    if (code === 0x10ffff) continue;
    // Surrogates are no characters.
    return characters.join('') + String.fromCodePoint(code === 0xd7ff ? 0xe000 : code + 1);
  }
  return undefined;
}

function globPart(part: PatternPart): string {
  switch (part.kind) {
    case 'any':
      return '*';
    case 'one':
      return '?';
    case 'text':
      return part.text.replaceAll(/[*?[]/g, '[$&]');
    case 'set':
      return setOf(part, ({ plain, hasHyphen, hasCaret }, negated) => {
        // A caret that is not first and a hyphen that is last stand for themselves.
        if (plain === '' && hasCaret && !negated) return hasHyphen ? '[-^]' : '^';
        return `[${negated ? '^' : ''}${plain}${hasCaret ? '^' : ''}${hasHyphen ? '-' : ''}]`;
      });
  }
}

function mssqlPart(part: PatternPart): string {
  switch (part.kind) {
    case 'any':
      return '%';
    case 'one':
      return '_';
    case 'text':
      return part.text.replaceAll(/[%_[]/g, '[$&]');
    case 'set':
      return setOf(part, ({ plain, hasHyphen, hasCaret }, negated) => {
        // A hyphen that is first stands for itself, a caret that is not.
        if (plain === '' && hasCaret && !hasHyphen && !negated) return '^';
        return `[${negated ? '^' : ''}${hasHyphen ? '-' : ''}${plain}${hasCaret ? '^' : ''}]`;
      });
  }
}

function likePart(part: PatternPart): string {
  switch (part.kind) {
    case 'any':
      return '%';
    case 'one':
      return '_';
    case 'text':
      return part.text.replaceAll(/[\\%_]/g, String.raw`\$&`);
    case 'set':
      throw new TypeError('LIKE has no sets');
  }
}

/** Every character that is not plainly a letter or digit is written by its number, so that none has a meaning. */
function regexPart(part: PatternPart): string {
  switch (part.kind) {
    case 'any':
      return '.*';
    case 'one':
      return '.';
    case 'text':
      return part.text.replaceAll(/[^a-z0-9]/gu, (character) => regexCode(character.codePointAt(0) ?? 0));
    case 'set': {
      const ranges = part.ranges.map(({ from, to }) =>
        from === to ? regexCode(from) : `${regexCode(from)}-${regexCode(to)}`,
      );
      return `[${part.negated ? '^' : ''}${ranges.join('')}]`;
    }
  }
}

const regexCode = (code: number): string => `\\U${code.toString(16).padStart(8, '0')}`;

interface SetMembers {
  /** Ranges that neither begin nor end with a hyphen, nor begin with a caret. */
  readonly plain: string;
  readonly hasHyphen: boolean;
  readonly hasCaret: boolean;
}

const HYPHEN = 0x2d;
const CARET = 0x5e;

/** Writes a set after its hyphens and carets were taken from the ends of its ranges. */
function setOf(
  { ranges, negated }: Extract<PatternPart, { kind: 'set' }>,
  write: (members: SetMembers, negated: boolean) => string,
): string {
  const special = new Set<number>();
  const plain = ranges.map((range) => {
    const { from, to } = withoutSpecialEnds(range, special);
    if (from > to) return '';
    const [first, last] = [String.fromCodePoint(from), String.fromCodePoint(to)];
    return from === to ? first : `${first}-${last}`;
  });
  const members = { plain: plain.join(''), hasHyphen: special.has(HYPHEN), hasCaret: special.has(CARET) };
  return write(members, negated);
}

/** A caret has a meaning at the beginning of a set only, and `]` none of our ranges may end with. */
function withoutSpecialEnds({ from, to }: CharacterRange, special: Set<number>): CharacterRange {
  let [first, last] = [from, to];
  for (; first <= last && (first === HYPHEN || first === CARET); first += 1) special.add(first);
  for (; first <= last && last === HYPHEN; last -= 1) special.add(last);
  return { from: first, to: last };
}
