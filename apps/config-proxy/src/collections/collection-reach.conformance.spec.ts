import { createLogger } from '@espalier/service-kit';
import { describeOnEachDatabase } from '@espalier/testing';
import { deviceQueryModel, userQueryModel } from '../inventory/query-model.js';
import { CollectionHarness, collectionMigrations, DEVICE, USER } from './collection.fixture.js';
import { CollectionReach } from './collection-reach.js';
import { CollectionStore } from './collection.store.js';
import { EvaluationLock } from './evaluation-lock.js';
import { EvaluationPlans } from './evaluation.plans.js';
import { EvaluationStore } from './evaluation.store.js';
import { QueryRuleBinder } from './query-rule.binder.js';
import { ReachStore } from './reach.store.js';

/** How many devices a collection is said to reach, where counting them takes too long. */
describeOnEachDatabase('the reach of collections', { migrations: collectionMigrations }, (open) => {
  let harness: CollectionHarness;
  let reach: CollectionReach;
  beforeEach(async () => {
    harness = new CollectionHarness(await open());
    await harness.seed();
    await harness.addSample(4);
    await harness.addUsers(USER, USER + 1);
    for (const n of [0, 1, 2]) await harness.enroll(`E${n}`, DEVICE + n, USER);
    await harness.settle();
    const [definitions, lock] = [new CollectionStore(), new EvaluationLock()];
    const binder = new QueryRuleBinder({ device: deviceQueryModel, user: userQueryModel });
    const logger = createLogger({ service: 'config-proxy', replica: 'spec', level: 'silent' });
    reach = new CollectionReach({
      reach: new ReachStore(),
      store: new EvaluationStore(),
      definitions,
      plans: new EvaluationPlans({ collections: definitions, lock, binder, logger }),
      lock,
      binder,
      now: () => harness.now,
      limitMs: -1,
    });
  });

  it.each([
    ['devices', { kind: 'device', limitingId: 'SMS00001' }, 4],
    // Three devices of one user, and another user who has none.
    ['users', { kind: 'user', limitingId: 'SMS00002' }, 4],
  ] as const)('is all that there are of %s, never less', async (_what, given, all) => {
    const id = await harness.make('Not evaluated yet', given);
    expect(await reach.devices(harness.db, [id])).toBe(all);
  });
});
