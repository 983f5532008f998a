import { Backoff, RESET_AFTER_MS } from './backoff.js';

describe('waiting between attempts', () => {
  it('doubles from half a second to thirty, and begins anew after a good link', () => {
    const backoff = new Backoff(() => 1);
    expect(Array.from({ length: 9 }, () => backoff.next())).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
    ]);
    backoff.reset();
    expect(backoff.next()).toBe(500);
    expect(RESET_AFTER_MS).toBe(60_000);
  });

  it('is spread over the whole time, so that many do not come back together', () => {
    const numbers = [0, 0.25, 0.5];
    let turn = 0;
    const backoff = new Backoff(() => numbers[turn++] as number);
    expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([0, 250, 1_000]);
  });
});
