import { TimeRecorder } from '@espalier/persistence';
import { pino } from 'pino';

describe('a time recorder', () => {
  it('writes the newest time of each id at once, and keeps what could not be written', async () => {
    const written: Map<string, number>[] = [];
    let away = true;
    let now = 1;
    const recorder = new TimeRecorder({
      what: 'times',
      logger: pino({ level: 'silent' }),
      now: () => new Date(now),
      flushMs: 60_000,
      write: async (times) => {
        await Promise.resolve();
        if (away) throw new Error('the database is away');
        written.push(new Map(times));
      },
    });
    recorder.touch('a');
    now = 2;
    recorder.touch('b');
    await recorder.flush();
    recorder.touch('a');
    away = false;
    await recorder.stop();
    await recorder.flush();
    expect(written).toEqual([
      new Map([
        ['a', 2],
        ['b', 2],
      ]),
    ]);
  });
});
