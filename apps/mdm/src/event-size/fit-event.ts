/** Half of what a message may have: room for the envelope, and for servers that allow less than usual. */
const EVENT_BYTES = 500_000;

/**
 * As many of the items, in their order, as fit into one event. From the point where less than half of the room is
 * left, items are shortened where there is a way to.
 */
export function fitEvent<T>(items: readonly T[], shorten: (item: T) => T = (item) => item): T[] {
  const fitting: T[] = [];
  let left = EVENT_BYTES;
  for (const item of items) {
    const told = left > EVENT_BYTES / 2 ? item : shorten(item);
    left -= Buffer.byteLength(JSON.stringify(told)) + 1;
    if (left < 0) break;
    fitting.push(told);
  }
  return fitting;
}
