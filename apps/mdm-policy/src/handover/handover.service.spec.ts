import { randomUUID } from 'node:crypto';
import { commonErrors } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import { createMetrics } from '@espalier/service-kit';
import { describeOnEachDatabase } from '@espalier/testing';
import { AgendaStore } from '../agenda/agenda.store.js';
import { mdmPolicyMigrations } from '../migrations/index.js';
import { PolicyMetrics } from '../mdm-policy.metrics.js';
import { EarlyCompletionStore } from '../policy-items/early-completion.store.js';
import { ManagedItemStore } from '../policy-items/managed-item.store.js';
import { logger, SpecClock } from '../spec/bus.fixture.js';
import { HandoverService } from './handover.service.js';
import { HandoverStore, type HandoverSpec } from './handover.store.js';
import { UnusableContent, type MdmGateway } from './mdm.gateway.js';
import { TokenBucket } from './token-bucket.js';

const MINUTE = 60_000;

describeOnEachDatabase('calls to mdm that do not succeed', { migrations: mdmPolicyMigrations }, (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
  });

  const serviceWith = (store: HandoverStore, clock: SpecClock, carry: MdmGateway['carry']): HandoverService =>
    new HandoverService({
      db,
      store,
      mdm: { carry },
      agenda: new AgendaStore(db),
      items: new ManagedItemStore(),
      early: new EarlyCompletionStore(),
      pace: new TokenBucket(1_000, clock.now),
      metrics: new PolicyMetrics(createMetrics('mdm-policy'), () => Promise.resolve(0)),
      logger,
      now: clock.now,
      uuid: randomUUID,
      nudgeReconcile: () => undefined,
    });

  it('are made until it answers, but for questions, which are asked anew anyhow', async () => {
    const clock = new SpecClock();
    const store = new HandoverStore(db);
    const service = serviceWith(store, clock, () => Promise.reject(commonErrors.ESP_TIMEOUT()));
    const [install, ask] = [randomUUID(), randomUUID()];
    await db.transaction((tx) =>
      store.add(
        tx,
        [
          { id: install, spec: { type: 'install', ciId: randomUUID(), revision: 1 }, enrollmentIds: ['A'] },
          { id: ask, spec: { type: 'ask', kinds: ['profiles'] }, enrollmentIds: ['A'] },
        ],
        clock.now().getTime(),
      ),
    );
    const left = async (): Promise<string[]> =>
      (await db.query<{ id: string }>('SELECT id FROM {handover}')).map(({ id }) => id);
    for (let minute = 0; minute < 55; minute += 1) {
      await service.step();
      clock.advance(MINUTE);
    }
    expect((await left()).sort()).toEqual([install, ask].sort());
    for (let minute = 0; minute < 10; minute += 1) {
      await service.step();
      clock.advance(MINUTE);
    }
    expect(await left()).toEqual([install]);
  });

  it('ask what was to be asked behind a command, also where the command can never be given', async () => {
    const clock = new SpecClock();
    const store = new HandoverStore(db);
    const ciId = randomUUID();
    const carried: HandoverSpec[] = [];
    const service = serviceWith(store, clock, ({ spec }) => {
      carried.push(spec);
      if (spec.type === 'install') return Promise.reject(new UnusableContent(ciId, 'It is no profile.'));
      return Promise.resolve({ commands: new Map(), skipped: new Set() });
    });
    const spec = { type: 'install', ciId, revision: 1, thenAsk: ['profiles'] } as const;
    const call = { id: randomUUID(), spec, enrollmentIds: ['A'] };
    await db.transaction((tx) => store.add(tx, [call], clock.now().getTime()));
    await service.step();
    await service.step();
    expect(carried).toEqual([spec, { type: 'ask', kinds: ['profiles'] }]);
    expect(await db.query('SELECT id FROM {handover}')).toEqual([]);
  });
});
