import {
  comparedText,
  type CharacterRange,
  type Fail,
  type Pattern,
  type PatternPart,
  type PropertyModel,
} from '@espalier/conditions';

/** Reads the pattern of `like`: `%` any number of characters, `_` one, `[a-f]` and `[^a-f]` one of a set. */
export function parseLikePattern(property: PropertyModel, text: string, fail: Fail): Pattern {
  const parts: PatternPart[] = [];
  let from = 0;
  while (from < text.length) {
    const character = text.charAt(from);
    if (character === '%') {
      if (parts.at(-1)?.kind !== 'any') parts.push({ kind: 'any' });
    } else if (character === '_') parts.push({ kind: 'one' });
    else if (character === '[') {
      const end = text.indexOf(']', from);
      if (end === -1) fail('The pattern opens a set that it does not close: write [[] for a bracket.');
      parts.push(parseSet(property, text.slice(from + 1, end), fail));
      from = end;
    } else {
      const piece = /^[^%_[]+/.exec(text.slice(from))?.[0] ?? character;
      parts.push({ kind: 'text', text: comparedText(property, piece) });
      from += piece.length - 1;
    }
    from += 1;
  }
  return parts;
}

function parseSet(property: PropertyModel, inside: string, fail: Fail): PatternPart {
  const negated = inside.startsWith('^');
  const members = Array.from(negated ? inside.slice(1) : inside);
  if (members.length === 0) fail('The pattern has an empty set: write what may stand there, as in [a-f].');
  const ranges: CharacterRange[] = [];
  for (let index = 0; index < members.length; index += 1) {
    const first = code(property, members[index] ?? '', fail);
    const last = members[index + 2];
    if (members[index + 1] !== '-' || last === undefined) ranges.push({ from: first, to: first });
    else {
      const to = code(property, last, fail);
      if (to < first) fail(`The range ${members[index]}-${last} runs backwards.`);
      ranges.push({ from: first, to });
      index += 2;
    }
  }
  return { kind: 'set', negated, ranges };
}

/** Some letters are several characters once they are folded. */
function code(property: PropertyModel, character: string, fail: Fail): number {
  const [folded = '', ...more] = Array.from(comparedText(property, character));
  return more.length === 0 ? (folded.codePointAt(0) ?? 0) : fail(`${character} cannot stand in a set.`);
}
