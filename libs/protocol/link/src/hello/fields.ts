import { LinkError } from '../link-error.js';

type Json = Readonly<Record<string, unknown>>;

function refuse(what: string): never {
  throw new LinkError('PROTOCOL', what);
}

export function parseObject(text: string, what: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(`${what} is not JSON`);
  }
  return asObject(value, what);
}

export function asObject(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(`${what} is not an object`);
  return value as Json;
}

export function asText(value: unknown, what: string, pattern: RegExp = /^[\x20-\x7e]{1,128}$/): string {
  if (typeof value !== 'string' || !pattern.test(value)) return refuse(`${what} is not valid`);
  return value;
}

export function asInteger(value: unknown, what: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
    return refuse(`${what} is not a whole number from ${min} to ${max}`);
  return value;
}

export function asChoice<const T extends string>(value: unknown, what: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  return found ?? refuse(`${what} is not one of ${choices.join(', ')}`);
}

export function asList<T>(
  value: unknown,
  what: string,
  max: number,
  item: (entry: unknown, what: string) => T,
): T[] {
  if (!Array.isArray(value) || value.length > max) return refuse(`${what} is not a list of at most ${max}`);
  return value.map((entry, index) => item(entry, `${what}[${index}]`));
}
