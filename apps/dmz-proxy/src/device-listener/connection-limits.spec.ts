import { ConnectionLimits, networkOf } from './connection-limits.js';

describe('limits per address', () => {
  it('refuse more connections than allowed, and take one again when one left', () => {
    const limits = new ConnectionLimits({ maxConnections: 2, ratePerSecond: 0 });
    expect([1, 2, 3].map(() => limits.enter('192.0.2.1'))).toEqual([undefined, undefined, 'connections']);
    expect(limits.enter('192.0.2.2')).toBeUndefined();
    limits.leave('192.0.2.1');
    expect(limits.enter('192.0.2.1')).toBeUndefined();
  });

  it('refuse connections that come too fast, and recover', () => {
    let now = 0;
    const limits = new ConnectionLimits({ maxConnections: 0, ratePerSecond: 10, clock: () => now });
    const burst = Array.from({ length: 25 }, () => limits.enter('192.0.2.1'));
    expect(burst.filter((refusal) => refusal === undefined).length).toBe(20);
    expect(burst.at(-1)).toBe('rate');
    now = 500;
    expect(
      Array.from({ length: 6 }, () => limits.enter('192.0.2.1')).filter((r) => r === undefined).length,
    ).toBe(5);
  });

  it('take nobody in while memory is short', () => {
    let use = 0.9;
    const limits = new ConnectionLimits({ maxConnections: 0, ratePerSecond: 0, memoryUse: () => use });
    limits.sweep();
    expect(limits.enter('192.0.2.1')).toBe('memory');
    use = 0.5;
    limits.sweep();
    expect(limits.enter('192.0.2.1')).toBeUndefined();
  });

  it('are off at zero', () => {
    const limits = new ConnectionLimits({ maxConnections: 0, ratePerSecond: 0 });
    expect(Array.from({ length: 500 }, () => limits.enter('192.0.2.1')).every((r) => r === undefined)).toBe(
      true,
    );
  });

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1::6', '2001:db8:1:0'],
    ['::1', '0:0:0:0'],
    ['fe80::', 'fe80:0:0:0'],
  ])('count %s as %s', (remote, network) => {
    expect(networkOf(remote)).toBe(network);
  });
});
