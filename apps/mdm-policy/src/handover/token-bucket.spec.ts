import { TokenBucket } from './token-bucket.js';

describe('TokenBucket', () => {
  it('lets a quarter of a minute go at once, and then as much per minute as is set', () => {
    let now = 0;
    const bucket = new TokenBucket(1_000, () => new Date(now));
    let sent = 0;
    const send = (): void => {
      while (bucket.open) {
        bucket.take(50);
        sent += 50;
      }
    };
    send();
    expect(sent).toBe(250);
    for (let second = 1; second <= 120; second += 1) {
      now += 1_000;
      send();
    }
    expect(sent).toBeGreaterThan(2_150);
    expect(sent).toBeLessThanOrEqual(2_300);
  });
});
