/** An element of Apple's PropertyList-1.0 DTD, with its name as bytes for comparison in place. */
export interface ElementName {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const element = (name: string): ElementName => ({ name, bytes: Buffer.from(name, 'latin1') });

export const elements = {
  plist: element('plist'),
  dict: element('dict'),
  key: element('key'),
  array: element('array'),
  string: element('string'),
  integer: element('integer'),
  real: element('real'),
  true: element('true'),
  false: element('false'),
  date: element('date'),
  data: element('data'),
} as const;

/** Elements by the first byte of their name, so that a tag is compared with three names at most. */
const byFirstByte = new Map<number, readonly ElementName[]>();
for (const candidate of Object.values(elements)) {
  const first = candidate.bytes[0] as number;
  byFirstByte.set(first, [...(byFirstByte.get(first) ?? []), candidate]);
}
const byFirst: readonly (readonly ElementName[])[] = Array.from(
  { length: 256 },
  (_, byte) => byFirstByte.get(byte) ?? [],
);

/** The element whose name begins at this offset; the caller checks that the name ends after it. */
export function elementAt(bytes: Buffer, offset: number): ElementName | undefined {
  const candidates = byFirst[bytes[offset] ?? 0] as readonly ElementName[];
  for (const candidate of candidates) {
    if (startsWith(bytes, offset, candidate.bytes)) return candidate;
  }
  return undefined;
}

/** True where the bytes at this offset are exactly these. */
export function startsWith(bytes: Buffer, offset: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < wanted.length; index++) {
    if (bytes[offset + index] !== wanted[index]) return false;
  }
  return true;
}
