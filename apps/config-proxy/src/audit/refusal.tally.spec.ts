import type { AuditEntry } from './audit.entry.js';
import { entry, silent } from './audit.fixture.js';
import { RefusalTally, type RefusalTallyOptions } from './refusal.tally.js';

describe('RefusalTally', () => {
  let time = 0;
  let recorded: AuditEntry[] = [];
  const tallies: RefusalTally[] = [];
  beforeEach(() => {
    time = 600_000;
    recorded = [];
  });
  afterEach(() => Promise.all(tallies.splice(0).map((tally) => tally.stop())));

  function tally(options: Partial<RefusalTallyOptions> = {}): RefusalTally {
    const record = (item: AuditEntry): Promise<void> => {
      recorded.push(item);
      return Promise.resolve();
    };
    const made = new RefusalTally({ record, logger: silent, now: () => new Date(time), ...options });
    tallies.push(made);
    return made;
  }
  const refuse = async (on: RefusalTally, address: string, times: number): Promise<void> => {
    for (let n = 0; n < times; n += 1) await on.refused(entry({ address, outcome: 'refused' }));
  };

  it('records a few of an address one by one, and the rest of the minute as a count', async () => {
    const subject = tally({ perAddress: 3 });
    await refuse(subject, 'a', 1_000);
    await refuse(subject, 'b', 2);
    expect(recorded.map(({ address }) => address)).toEqual(['a', 'a', 'a', 'b', 'b']);
    time += 60_000;
    await refuse(subject, 'a', 1);
    expect(recorded.slice(5)).toMatchObject([
      { action: 'access.refused', actor: null, address: 'a', details: { count: 997, minute: 600_000 } },
      { action: 'deleteDevice', address: 'a' },
    ]);
  });

  it('adds a bounded number of records a minute, whatever the number of addresses', async () => {
    const subject = tally({ perMinute: 20, addresses: 5 });
    for (let n = 0; n < 12_000; n += 1) await refuse(subject, `address-${n}`, 1);
    await refuse(subject, 'address-100', 4);
    await subject.flush();
    expect(recorded).toHaveLength(20 + 5 + 1);
    expect(recorded[20]).toMatchObject({ address: 'address-100', details: { count: 5 } });
    const counted = recorded.slice(20).reduce((sum, { details }) => sum + Number(details?.['count']), 0);
    expect(20 + counted).toBe(12_004);
    expect(recorded.at(-1)).toMatchObject({ address: '' });
    await subject.flush();
    expect(recorded).toHaveLength(26);
  });

  it('does not let a refusal fail where it cannot be recorded', async () => {
    const subject = tally({ record: () => Promise.reject(new Error('the database is away')) });
    await expect(refuse(subject, 'a', 2)).resolves.toBeUndefined();
  });
});
