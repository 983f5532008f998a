/** Each decoder returns undefined for text that is not a value of its type. */

const minimumInteger = -(2n ** 63n);
const maximumInteger = 2n ** 64n - 1n;

/** Decimal or 0x-hexadecimal, signed or unsigned 64-bit; bigint where a number would lose digits. */
export function decodeInteger(text: string): number | bigint | undefined {
  const match = /^([+-]?)(?:0x([0-9a-f]{1,16})|(\d{1,40}))$/i.exec(text);
  if (match === null) return undefined;
  const [, sign, hexadecimal, decimal] = match;
  const magnitude = Number(decimal ?? `0x${hexadecimal}`);
  if (Number.isSafeInteger(magnitude)) return sign === '-' && magnitude !== 0 ? -magnitude : magnitude;
  const exact = BigInt(decimal ?? `0x${hexadecimal}`) * (sign === '-' ? -1n : 1n);
  return exact >= minimumInteger && exact <= maximumInteger ? exact : undefined;
}

const namedReals: Readonly<Record<string, number>> = {
  nan: NaN,
  inf: Infinity,
  infinity: Infinity,
  '+inf': Infinity,
  '+infinity': Infinity,
  '-inf': -Infinity,
  '-infinity': -Infinity,
};

/** Decimal with optional exponent, or the names that CoreFoundation writes for NaN and the infinities. */
export function decodeReal(text: string): number | undefined {
  if (text.length > 400) return undefined;
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return Number(text);
  const name = text.toLowerCase();
  return Object.hasOwn(namedReals, name) ? namedReals[name] : undefined;
}

/** `YYYY-MM-DDThh:mm:ssZ`, the one form that Apple's DTD allows in full. */
export function decodeDate(text: string): Date | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return undefined;
  const date = new Date(text);
  // Date accepts 30 February and moves it to March: only a date that prints as it was read exists.
  return Number.isNaN(date.getTime()) || encodeDate(date) !== text ? undefined : date;
}

/** The plist form of a date (whole seconds), or undefined for a date without a four-digit year. */
export function encodeDate(date: Date): string | undefined {
  if (Number.isNaN(date.getTime())) return undefined;
  const text = date.toISOString();
  return text.length === 24 ? `${text.slice(0, 19)}Z` : undefined;
}

const digit = 0;
const space = 1;
const padding = 2;
const invalid = 3;

/** What each character is in base64 text. */
const base64Kinds = Uint8Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[A-Za-z0-9+/]/.test(character)) return digit;
  if (/[ \t\r\n]/.test(character)) return space;
  return character === '=' ? padding : invalid;
});

/** Base64 with any white space; unlike Buffer.from, refuses other characters and a wrong length. */
export function decodeData(text: string): Buffer | undefined {
  let digits = 0;
  let pads = 0;
  for (let index = 0; index < text.length; index++) {
    const kind = base64Kinds[text.charCodeAt(index)] ?? invalid;
    if (kind === digit) {
      if (pads > 0) return undefined;
      digits++;
    } else if (kind === padding) pads++;
    else if (kind === invalid) return undefined;
  }
  if ((digits + pads) % 4 !== 0 || pads > 2) return undefined;
  return Buffer.from(text, 'base64');
}
