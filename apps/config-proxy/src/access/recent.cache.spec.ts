import { RecentCache } from './recent.cache.js';

interface Thing {
  readonly version: number;
}

describe('RecentCache', () => {
  it('looks once for many, and again when what it found is old', async () => {
    let time = 0;
    let version = 0;
    const load = async (): Promise<Thing> => {
      version += 1;
      return Promise.resolve({ version });
    };
    const cache = new RecentCache<Thing>({ load, now: () => new Date(time), keepMs: 100 });
    const found = await Promise.all(Array.from({ length: 20 }, () => cache.get('a')));
    expect(new Set(found.map((thing) => thing?.version))).toEqual(new Set([1]));
    time = 99;
    expect((await cache.get('a'))?.version).toBe(1);
    time = 100;
    expect((await cache.get('a'))?.version).toBe(2);
  });

  it('forgets in time also where the clock is set back: what was revoked stays good no longer by it', async () => {
    let [time, elapsed, version] = [1_000_000, 0, 0];
    const load = (): Promise<Thing> => Promise.resolve({ version: (version += 1) });
    const clocks = { now: () => new Date(time), elapsedMs: () => elapsed };
    const cache = new RecentCache<Thing>({ load, ...clocks, keepMs: 100 });
    await cache.get('a');
    time -= 500_000;
    elapsed += 99;
    expect((await cache.get('a'))?.version).toBe(1);
    elapsed += 1;
    expect((await cache.get('a'))?.version).toBe(2);
  });

  it('keeps nothing that was looked up while it was told to forget: it may be from before the change', async () => {
    const gates: ((thing: Thing) => void)[] = [];
    const load = (): Promise<Thing> => new Promise((resolve) => gates.push(resolve));
    const cache = new RecentCache<Thing>({ load, now: () => new Date(0), keepMs: 100 });
    const early = cache.get('a');
    cache.forget(() => true);
    const late = cache.get('a');
    gates[0]?.({ version: 1 });
    expect((await early)?.version).toBe(1);
    expect(cache.recent('a')).toBeUndefined();
    gates[1]?.({ version: 2 });
    expect((await late)?.version).toBe(2);
    expect(cache.recent('a')?.version).toBe(2);
  });

  it('remembers neither what is not there nor what failed, and no more than it may', async () => {
    let answer: () => Promise<Thing | undefined> = () => Promise.reject(new Error('away'));
    const cache = new RecentCache<Thing>({
      load: () => answer(),
      now: () => new Date(0),
      keepMs: 100,
      size: 2,
    });
    await expect(cache.get('a')).rejects.toThrow('away');
    answer = () => Promise.resolve(undefined);
    expect(await cache.get('a')).toBeUndefined();
    answer = () => Promise.resolve({ version: 1 });
    for (const key of ['a', 'b', 'c']) await cache.get(key);
    expect(['a', 'b', 'c'].map((key) => cache.recent(key) !== undefined)).toEqual([false, false, true]);
  });
});
