import { FailureLimiter } from './failure-limiter.js';

describe('FailureLimiter', () => {
  let time = 0;
  const limiter = (options = {}): FailureLimiter =>
    new FailureLimiter({ now: () => new Date(time), burst: 3, perSecond: 0.5, ...options });
  const fail = (on: FailureLimiter, address: string, times: number): void => {
    for (let n = 0; n < times; n += 1) on.failed(address);
  };

  it('lets an address fail a few times, then makes it wait, then lets it try again', () => {
    const subject = limiter();
    fail(subject, '10.0.0.1', 2);
    expect(subject.waitSeconds('10.0.0.1')).toBe(0);
    fail(subject, '10.0.0.1', 5);
    expect(subject.waitSeconds('10.0.0.1')).toBe(2);
    expect(subject.waitSeconds('10.0.0.2')).toBe(0);
    time += 2_000;
    expect(subject.waitSeconds('10.0.0.1')).toBe(0);
    subject.failed('10.0.0.1');
    expect(subject.waitSeconds('10.0.0.1')).toBe(2);
  });

  it('has nobody wait for hours because the clock was set back', () => {
    const subject = limiter();
    fail(subject, '10.0.0.7', 3);
    time -= 7_200_000;
    expect(subject.waitSeconds('10.0.0.7')).toBe(0);
  });

  it('takes the addresses of one IPv6 network for one', () => {
    const subject = limiter();
    fail(subject, '2001:db8:1:2::7', 3);
    expect(subject.waitSeconds('2001:db8:1:2:ffff::9')).toBeGreaterThan(0);
    expect(subject.waitSeconds('2001:db8:1:3::7')).toBe(0);
    fail(subject, '2001:db8::1', 3);
    expect(subject.waitSeconds('2001:db8:0:0:5::')).toBeGreaterThan(0);
    expect(subject.waitSeconds('2001:0DB8:0001:0002::9')).toBeGreaterThan(0);
    fail(subject, '::ffff:10.0.0.9', 3);
    expect(subject.waitSeconds('::FFFF:10.0.0.9')).toBeGreaterThan(0);
    expect(subject.waitSeconds('::FFFF:10.0.0.8')).toBe(0);
    expect(subject.waitSeconds('::ffff:10.0.0.8')).toBe(0);
  });

  it('remembers no more addresses than it may', () => {
    const subject = limiter({ size: 2 });
    fail(subject, 'a', 3);
    fail(subject, 'b', 3);
    fail(subject, 'c', 3);
    expect(['a', 'b', 'c'].map((address) => subject.waitSeconds(address) > 0)).toEqual([false, true, true]);
  });
});
