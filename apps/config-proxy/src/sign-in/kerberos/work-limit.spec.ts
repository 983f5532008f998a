import { WorkLimit } from './work-limit.js';

describe('WorkLimit', () => {
  it('runs as much at once as it may, lets as much wait, and says when it is full', async () => {
    const limit = new WorkLimit(2, 3);
    const ends: (() => void)[] = [];
    let running = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, (running += 1));
      await new Promise<void>((resolve) => ends.push(resolve));
      running -= 1;
    };
    const started = [];
    while (!limit.full) started.push(limit.run(work));
    expect(started).toHaveLength(5);
    for (let n = 0; n < 5; n += 1) {
      ends.shift()?.();
      await started[n];
      expect(limit.full).toBe(false);
    }
    expect([running, most]).toEqual([0, 2]);
  });

  it('gives the place of work that failed to the next', async () => {
    const limit = new WorkLimit(1, 1);
    const failed = limit.run(() => Promise.reject(new Error('refused')));
    const next = limit.run(() => Promise.resolve('done'));
    await expect(failed).rejects.toThrow('refused');
    expect(await next).toBe('done');
    expect(await limit.run(() => Promise.resolve('again'))).toBe('again');
  });
});
