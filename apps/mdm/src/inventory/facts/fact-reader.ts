import { isPlistDict, type PlistDict, type PlistValue } from '@espalier/plist';

const LONGEST_TEXT = 255;

/** `Source` of profiles and apps that declarations brought. */
export const DECLARED = 'Declarative Device Management';

/**
 * Takes facts out of what a device sent: a value of the wrong type counts as not answered, text is cut and freed of
 * what would not survive storage or JSON.
 */
export class FactReader {
  constructor(private readonly source: PlistDict) {}

  value(key: string): PlistValue | undefined {
    return Object.hasOwn(this.source, key) ? this.source[key] : undefined;
  }

  /** Null for an empty text too: devices send `''` for what they do not have. */
  text(key: string, longest = LONGEST_TEXT): string | null {
    return cleanText(this.value(key), longest);
  }

  flag(key: string): boolean | null {
    const value = this.value(key);
    return typeof value === 'boolean' ? value : null;
  }

  /** A real or integer that is finite. */
  number(key: string): number | null {
    const value = this.value(key);
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  }

  /** A whole number that is not negative and that JSON carries exactly. */
  count(key: string): number | null {
    return wholeNumber(this.number(key));
  }

  /** Epoch milliseconds. */
  time(key: string): number | null {
    const value = this.value(key);
    return value instanceof Date && Number.isSafeInteger(value.getTime()) ? value.getTime() : null;
  }

  /** Empty where there is none: what is asked of it is null then. */
  dict(key: string): FactReader {
    const value = this.value(key);
    return new FactReader(isPlistDict(value) ? value : {});
  }

  dicts(key: string): FactReader[] {
    return dictsOf(this.value(key)) ?? [];
  }
}

/** The dictionaries of a list, passing over what is none; undefined where it is no list. */
export function dictsOf(value: PlistValue | undefined): FactReader[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.filter(isPlistDict).map((item) => new FactReader(item));
}

export function cleanText(value: PlistValue | undefined, longest = LONGEST_TEXT): string | null {
  if (typeof value !== 'string') return null;
  const text = value
    .slice(0, longest)
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, ' ')
    .trim();
  return text === '' ? null : text;
}

export function wholeNumber(value: number | null): number | null {
  if (value === null) return null;
  const whole = Math.round(value);
  return Number.isSafeInteger(whole) && whole >= 0 ? whole : null;
}
