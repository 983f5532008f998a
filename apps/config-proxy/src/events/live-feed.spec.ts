import type { EventMeta, Messaging, ReceivedEvent } from '@espalier/messaging';
import { LiveFeed, type LiveFeedOptions } from './live-feed.js';

/** A feed that begins after a position, whose events the spec makes up; each is about 130 characters. */
async function makeFeed({ begins = 0, ...options }: Partial<LiveFeedOptions> & { begins?: number } = {}) {
  let onEvent: (event: ReceivedEvent, meta: EventMeta) => void = () => undefined;
  const messaging = {
    tail: (_contracts: unknown, _options: unknown, handler: typeof onEvent) => {
      onEvent = handler;
      const begun = Promise.resolve({ after: begins, pending: 0 });
      return { active: Promise.resolve(), begun, stop: () => Promise.resolve() };
    },
  } as unknown as Pick<Messaging, 'tail'>;
  const feed = new LiveFeed({ messaging, contracts: [], windowMs: 0, ...options });
  await feed.begin();
  const emit = (sequence: number, type = 'a.b'): void => {
    const [aggregate, event] = type.split('.');
    onEvent(
      { contract: { aggregate, event }, payload: {} } as unknown as ReceivedEvent,
      { sequence, messageId: `m${sequence}`, publishedAt: new Date(0) } as EventMeta,
    );
  };
  return { feed, emit };
}

const types = new Set(['a.b']);
const idsIn = (bytes: Buffer | undefined): number[] =>
  [...(bytes?.toString() ?? '').matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));

describe('the feed of live events', () => {
  it('gives what came after a position, of the types that are wanted, in order', async () => {
    const { feed, emit } = await makeFeed();
    for (const sequence of [3, 5, 9]) emit(sequence);
    emit(11, 'c.d');
    expect(idsIn(feed.after(0, types, 'ab')?.bytes)).toEqual([3, 5, 9]);
    expect(idsIn(feed.after(5, types, 'ab')?.bytes)).toEqual([9]);
    // What nobody asked for is passed over, not looked at again and again.
    expect(feed.after(9, types, 'ab')).toEqual({ bytes: undefined, through: 11 });
    expect(feed.after(11, types, 'ab')).toEqual({ bytes: undefined, through: 11 });
    expect(feed.last).toBe(11);
  });

  it('covers what comes after its beginning, also before anything has come', async () => {
    const { feed, emit } = await makeFeed({ begins: 7 });
    const covered = (): boolean[] => [6, 7, 8].map((after) => feed.covers(after));
    expect(covered()).toEqual([false, true, true]);
    expect(feed.last).toBe(7);
    emit(9);
    expect(covered()).toEqual([false, true, true]);
    expect(idsIn(feed.after(7, types, 'ab')?.bytes)).toEqual([9]);
  });

  it('forgets the oldest beyond its size, and says so to who is further behind', async () => {
    const { feed, emit } = await makeFeed({ keepCharacters: 1_000 });
    for (let sequence = 1; sequence <= 3_000; sequence += 1) emit(sequence);
    expect(feed.after(10, types, 'ab')).toBeUndefined();
    expect(feed.covers(10)).toBe(false);
    const kept = idsIn(feed.after(2_995, types, 'ab')?.bytes);
    expect(kept).toEqual([2_996, 2_997, 2_998, 2_999, 3_000]);
    const oldest = Array.from({ length: 3_000 }, (_, index) => index).find((after) => feed.covers(after));
    expect(idsIn(feed.after(oldest ?? 0, types, 'ab')?.bytes)).toHaveLength(3_000 - (oldest ?? 0));
  });

  it('forgets what is older than it keeps, but never its last event', async () => {
    const { feed, emit } = await makeFeed({ keepMs: -1 });
    for (const sequence of [1, 2, 3]) emit(sequence);
    expect(feed.after(1, types, 'ab')).toBeUndefined();
    expect(idsIn(feed.after(2, types, 'ab')?.bytes)).toEqual([3]);
  });

  it('tells listeners once for what comes together, who then share its bytes', async () => {
    const { feed, emit } = await makeFeed();
    const told: (Buffer | undefined)[][] = [[], []];
    for (const mine of told) feed.onMore(() => mine.push(feed.after(0, types, 'ab')?.bytes));
    emit(1);
    emit(2);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(told.map((mine) => mine.map(idsIn))).toEqual([[[1, 2]], [[1, 2]]]);
    expect(told[0]?.[0]).toBe(told[1]?.[0]);
  });

  it('gives a listener that is far behind one part after another', async () => {
    const { feed, emit } = await makeFeed();
    for (let sequence = 1; sequence <= 5_000; sequence += 1) emit(sequence);
    const seen: number[] = [];
    let parts = 0;
    for (let position = 0; position < 5_000; parts += 1) {
      const batch = feed.after(position, types, 'ab');
      seen.push(...idsIn(batch?.bytes));
      position = batch?.through ?? Infinity;
    }
    expect(parts).toBeGreaterThan(1);
    expect(seen).toEqual(Array.from({ length: 5_000 }, (_, index) => index + 1));
  });

  it('tells of a burst before it forgets what came first', async () => {
    const { feed, emit } = await makeFeed({ keepCharacters: 2_000, windowMs: 60_000 });
    const seen: number[] = [];
    let position = 0;
    feed.onMore(() => {
      const batch = feed.after(position, types, 'ab');
      seen.push(...idsIn(batch?.bytes));
      position = batch?.through ?? Number.NaN;
    });
    for (let sequence = 1; sequence <= 100; sequence += 1) emit(sequence);
    expect(feed.covers(1)).toBe(false);
    expect(seen.length).toBeGreaterThan(90);
    expect(seen).toEqual(Array.from(seen, (_, index) => index + 1));
    await feed.stop();
  });
});
