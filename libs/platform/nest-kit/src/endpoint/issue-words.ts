import type { z } from 'zod';

type Issue = Parameters<z.core.$ZodErrorMap>[0];

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

const FORMS: Readonly<Record<string, string>> = {
  uuid: 'a UUID, such as 0b3c5a1e-7d42-4c1f-9e0a-5f6b7c8d9e01',
  url: 'a URL',
  email: 'a mail address',
  base64: 'base64',
  datetime: 'a time, such as 2026-11-21T10:00:00Z',
};

/** What numbers of things are called, by what has them; a number has itself. */
const COUNTED: Readonly<Record<string, string>> = {
  string: 'characters',
  array: 'entries',
  record: 'entries',
};

/**
 * What a value has to be, to follow the name of its field: "must be a UUID, …". Zod's own words are for programmers;
 * undefined leaves them, and what a schema says itself goes first.
 */
export function issueWords(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${TYPES[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return formWords(issue.format, issue.pattern);
    case 'too_small':
      return sizeWords('least', issue.origin, issue.minimum);
    case 'too_big':
      return sizeWords('most', issue.origin, issue.maximum);
    case 'invalid_union':
      return 'has none of the forms that are possible here';
    default:
      return undefined;
  }
}

function formWords(format: string, pattern: string | undefined): string | undefined {
  const form = FORMS[format];
  if (form !== undefined) return `must be ${form}`;
  return format === 'regex' && pattern !== undefined ? `must have the form ${pattern}` : undefined;
}

function sizeWords(which: 'least' | 'most', origin: string, bound: number | bigint): string {
  const counted = COUNTED[origin];
  return counted === undefined ? `must be at ${which} ${bound}` : `must have at ${which} ${bound} ${counted}`;
}
