const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** The document with every line end as one line feed, as XML 1.0 §2.11 wants it before anything is parsed. */
export function normalizeLineEnds(document: Buffer): Buffer {
  if (!document.includes(carriageReturn)) return document;
  const normalized = Buffer.allocUnsafe(document.length);
  let length = 0;
  for (let at = 0; at < document.length; at++) {
    const byte = document[at] as number;
    if (byte === carriageReturn && document[at + 1] === lineFeed) continue;
    normalized[length++] = byte === carriageReturn ? lineFeed : byte;
  }
  return normalized.subarray(0, length);
}
