import { EventEmitter, once } from 'node:events';
import pino from 'pino';
import { NudgedLoop } from './nudged-loop.js';

const logger = pino({ level: 'silent' });
const FAR_AWAY = 60_000;

describe('NudgedLoop', () => {
  it('works on until there is nothing left, and again when nudged, also while it works', async () => {
    const looks = new EventEmitter();
    let waiting = 2;
    let seen = 0;
    const reached = async (count: number): Promise<void> => {
      for (let last = seen; last < count; [last] = (await once(looks, 'look')) as [number]);
    };
    const loop = new NudgedLoop({
      name: 'test',
      logger,
      pollMs: FAR_AWAY,
      run: async () => {
        await Promise.resolve();
        seen += 1;
        // What arrives during the last look must not wait for the next poll.
        if (seen === 3) loop.nudge();
        queueMicrotask(() => looks.emit('look', seen));
        waiting -= 1;
        return waiting > 0;
      },
    });
    loop.start();
    await reached(2);
    loop.nudge();
    await reached(4);
    await loop.stop();
    expect(seen).toBe(4);
  });

  it('goes on after a failure, and stops when what it does is done', async () => {
    const tried = Promise.withResolvers<void>();
    let calls = 0;
    const loop = new NudgedLoop({
      name: 'test',
      logger,
      pollMs: 1,
      run: async () => {
        await Promise.resolve();
        calls += 1;
        if (calls === 1) throw new Error('the database is away');
        tried.resolve();
        return false;
      },
    });
    loop.start();
    await tried.promise;
    await loop.stop();
    const after = calls;
    loop.nudge();
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toBe(after);
  });
});
