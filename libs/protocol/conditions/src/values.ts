import type { AffixFunction } from './filter-words.js';
import type { Literal, Pattern, PatternPart } from './condition.js';
import type { Fail } from './expression.error.js';
import { expressionLimits } from './limits.js';
import { comparedText, type PropertyModel } from './model.js';
import { TIME_LIMIT } from './time-units.js';

/** A value as an expression gives it, before it is known what it is compared with. */
export type GivenValue =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'flag'; readonly value: boolean };

/** What is wrong with a text value, or undefined. */
export function textProblem(text: string): string | undefined {
  if (text.length > expressionLimits.text) {
    return `A text has at most ${expressionLimits.text} characters.`;
  }
  // PostgreSQL takes no NUL, and half a surrogate pair is no character anywhere.
  if (text.includes('\0') || !text.isWellFormed()) return 'The text holds a character that no name can hold.';
  return undefined;
}

/** Gives a value the type of the property that it is compared with. */
export function literalFor(property: PropertyModel, given: GivenValue, fail: Fail): Literal {
  const { type } = property;
  return { kind: 'literal', type, value: valueReaders[type](property, given, fail) };
}

type ValueReader = (property: PropertyModel, given: GivenValue, fail: Fail) => string | number;

const valueReaders: Readonly<Record<PropertyModel['type'], ValueReader>> = {
  text: (property, given, fail) =>
    given.kind === 'text'
      ? comparedText(property, given.value)
      : fail(`${property.name} is a text: put the value in quotes.`),
  integer: ({ name }, given, fail) => {
    const value =
      given.kind === 'text' && /^-?[0-9]{1,16}$/.test(given.value) ? Number(given.value) : given.value;
    return Number.isSafeInteger(value) ? Number(value) : fail(`${name} is a whole number, such as 5.`);
  },
  flag: ({ name }, given, fail) =>
    FLAGS.get(String(given.value).toLowerCase()) ?? fail(`${name} is true (1) or false (0).`),
  time: ({ name }, given, fail) => {
    const time = given.kind === 'text' ? parseTime(given.value) : epochTime(given);
    return (
      time ??
      fail(
        `${name} is a time: write it as in '2026-11-21T10:00:00Z', '2026-11-21 10:00:00' (UTC) or '2026-11-21'.`,
      )
    );
  },
};

const FLAGS: ReadonlyMap<string, number> = new Map([
  ['0', 0],
  ['1', 1],
  ['false', 0],
  ['true', 1],
]);

const epochTime = ({ kind, value }: GivenValue): number | undefined =>
  kind === 'integer' && Math.abs(value) <= TIME_LIMIT ? value : undefined;

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/i;
/** DMTF date and time of WMI: the offset is in minutes. */
const WMI = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})\.(\d{3})\d{3}([+-]\d{3})$/;

/** Epoch ms of a time as people and WMI write it, UTC where it names no offset; undefined where it is none. */
export function parseTime(text: string): number | undefined {
  const iso = ISO.exec(text);
  if (iso !== null) {
    const [, date = '', minutes = '00:00', seconds = ':00', offset = 'Z'] = iso;
    return existing(date, Date.parse(`${date}T${minutes}${seconds}${offset.toUpperCase()}`));
  }
  const wmi = WMI.exec(text);
  if (wmi === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, offset] = wmi;
  const date = `${year}-${month}-${day}`;
  const local = Date.parse(`${date}T${hour}:${minute}:${second}.${fraction}Z`);
  return existing(date, local - Number(offset) * 60_000);
}

/** `Date.parse` takes 30 February for 2 March. */
function existing(date: string, time: number): number | undefined {
  const midnight = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(time) || Number.isNaN(midnight)) return undefined;
  return new Date(midnight).toISOString().startsWith(date) ? time : undefined;
}

/** A pattern for texts that begin with, end with or contain a text. */
export function affixPattern(kind: AffixFunction, property: PropertyModel, text: string): Pattern {
  const any: PatternPart = { kind: 'any' };
  const part: PatternPart = { kind: 'text', text: comparedText(property, text) };
  return [...(kind === 'startswith' ? [] : [any]), part, ...(kind === 'endswith' ? [] : [any])];
}
