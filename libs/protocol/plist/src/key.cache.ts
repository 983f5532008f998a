const slots = 1024;
const longestKey = 64;

/**
 * Keys met before, so that the few hundred keys that device messages repeat are not decoded from bytes each time
 * (a third of the time that a long list takes). Bounded: a key may only push out the one in its slot.
 */
const cache: (string | undefined)[] = Array.from({ length: slots });

/** The text of these bytes, which the caller knows to be ASCII; `hash` is any number made from them. */
export function cachedKey(bytes: Buffer, start: number, end: number, hash: number): string {
  if (end - start > longestKey) return bytes.toString('latin1', start, end);
  const slot = hash & (slots - 1);
  const found = cache[slot];
  if (found !== undefined && equals(found, bytes, start, end)) return found;
  const key = bytes.toString('latin1', start, end);
  cache[slot] = key;
  return key;
}

function equals(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}
