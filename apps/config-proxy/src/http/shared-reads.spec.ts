import { SharedReads } from './shared-reads.js';

/** Reads that end when they are told to. */
class Readings {
  readonly begun: PromiseWithResolvers<string>[] = [];
  readonly read = (): Promise<string> => {
    const reading = Promise.withResolvers<string>();
    this.begun.push(reading);
    return reading.promise;
  };

  end(index: number, text: string): void {
    this.begun[index]?.resolve(text);
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('shared reads', () => {
  it('are one for all who came while another was running, begun after the last of them had asked', async () => {
    const shared = new SharedReads<string>();
    const { read, begun, end } = bound(new Readings());
    const first = shared.get('devices', read);
    const others = [shared.get('devices', read), shared.get('devices', read), shared.get('devices', read)];
    await settled();
    expect(begun).toHaveLength(1);
    end(0, 'before');
    expect(await first).toBe('before');
    await settled();
    expect(begun).toHaveLength(2);
    // Whoever comes now must not get what is being read for the others.
    const late = shared.get('devices', read);
    end(1, 'after');
    expect(await Promise.all(others)).toEqual(['after', 'after', 'after']);
    await settled();
    end(2, 'later');
    expect(await late).toBe('later');
    expect(begun).toHaveLength(3);
  });

  it('are apart where anything differs, and begin anew when nobody waits', async () => {
    const shared = new SharedReads<string>();
    const { read, begun, end } = bound(new Readings());
    const both = Promise.all([shared.get('a', read), shared.get('b', read)]);
    expect(begun).toHaveLength(2);
    end(0, '1');
    end(1, '2');
    expect(await both).toEqual(['1', '2']);
    const again = shared.get('a', read);
    expect(begun).toHaveLength(3);
    end(2, '3');
    expect(await again).toBe('3');
  });

  it('fail for those who share them only', async () => {
    const shared = new SharedReads<string>();
    const { read, begun, end } = bound(new Readings());
    const first = shared.get('a', read);
    const second = shared.get('a', read);
    begun[0]?.reject(new Error('the database is away'));
    await expect(first).rejects.toThrow('the database is away');
    await settled();
    end(1, 'back');
    expect(await second).toBe('back');
  });
});

const bound = (readings: Readings) => ({
  read: readings.read,
  begun: readings.begun,
  end: readings.end.bind(readings),
});
