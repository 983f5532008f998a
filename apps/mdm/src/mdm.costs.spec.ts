import type { Database, Queryable } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { MdmHarness, SpecDevice } from './mdm.fixture.js';
import { mdmMigrations } from './migrations/index.js';

/** Counts the statements that go to the database, those of transactions included. */
class StatementCount {
  statements = 0;

  of<T extends Queryable>(on: T): T {
    return new Proxy(on, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        if (key === 'transaction')
          return (fn: (tx: Queryable) => Promise<unknown>, ...rest: unknown[]) =>
            (value as (...args: unknown[]) => unknown).call(
              target,
              (tx: Queryable) => fn(this.of(tx)),
              ...rest,
            );
        return (...args: unknown[]): unknown => {
          if (key === 'query' || key === 'execute' || key === 'prepared') this.statements += 1;
          return (value as (...args: unknown[]) => unknown).apply(target, args);
        };
      },
    });
  }
}

/** What a fleet does all day must not cost more round trips than it does. */
describeOnEachDatabase(
  'the round trips of everyday messages',
  { migrations: mdmMigrations },
  (open, dialect) => {
    // SQLite is in the process: there a statement is a function call.
    if (dialect === 'sqlite') return;
    let count: StatementCount;
    let device: SpecDevice;
    beforeEach(async () => {
      count = new StatementCount();
      const db: Database = count.of(await open());
      device = await new SpecDevice(new MdmHarness(db, { settings: { inventoryHours: 24 } })).enroll();
    });

    async function cost(message: () => Promise<unknown>): Promise<number> {
      const before = count.statements;
      await message();
      return count.statements - before;
    }

    it('are one for a poll, whether something waits or not', async () => {
      expect(await cost(() => device.report('Idle'))).toBe(1);
      let { command } = await device.report('Idle');
      while (command !== undefined) ({ command } = await device.report('Error', command.commandUuid));
      expect(await cost(() => device.report('Idle'))).toBe(1);
    });

    it('are five for an answer with the next command, also where the answer is inventory', async () => {
      const inventory = new Map([
        ['SecurityInfo', { SecurityInfo: {} }],
        ['ProfileList', { ProfileList: [{ PayloadIdentifier: 'p' }] }],
      ]);
      let { command } = await device.report('Idle');
      const costs: number[] = [];
      for (let n = 0; n < 4; n += 1) {
        const { requestType = '', commandUuid = '' } = command ?? {};
        const answer = (): ReturnType<SpecDevice['report']> =>
          device.report('Acknowledged', commandUuid, inventory.get(requestType));
        costs.push(await cost(async () => ({ command } = await answer())));
      }
      expect(command).toBeUndefined();
      expect(costs).toEqual([5, 5, 5, 5]);
    });

    it('are four for the token of an enrolled device', async () => {
      expect(await cost(() => device.tokenUpdate())).toBe(4);
    });

    it('are one for what is asked about declarations where none changed', async () => {
      expect(await cost(() => device.declarative('tokens'))).toBe(1);
      expect(await cost(() => device.declarative('declaration-items'))).toBe(1);
    });
  },
);
