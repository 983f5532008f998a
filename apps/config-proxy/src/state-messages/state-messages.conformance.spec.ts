import { randomUUID } from 'node:crypto';
import { complianceStates, enforcementStates, stateTopics, type StateMessage } from '@espalier/contracts';
import type { Database, Tx } from '@espalier/persistence';
import { describeOnEachDatabase, isBabelfish } from '@espalier/testing';
import fc from 'fast-check';
import { DeploymentHarness, deploymentMigrations } from '../deployments/deployment.fixture.js';
import { StateRetentionStore } from './state-retention.store.js';

const COLLECTION = 'ESP00014';
const { assignmentCompliance, assignmentEnforcement, ciCompliance, updateScan } = stateTopics;
const { compliant, nonCompliant } = complianceStates;
const { started, failed, requirementsNotMet } = enforcementStates;

const NO_STEPS = {
  targetedAt: null,
  evaluatedAt: null,
  queuedAt: null,
  pushedAt: null,
  fetchedAt: null,
  acknowledgedAt: null,
  verifiedAt: null,
};

/** One suite for every database: what devices report, in any order, and the counters that follow. */
describeOnEachDatabase('state messages', { migrations: deploymentMigrations }, (open, dialect) => {
  let db: Database;
  let site: DeploymentHarness;
  let devices: number[];
  let deployment: string;
  let ciId: string;

  beforeEach(async () => {
    db = await open();
    site = new DeploymentHarness(db);
    devices = await site.addDevices(4);
    await site.addCollection(COLLECTION, devices);
    const made = await site.deploy(site.library.add('configuration-item', 'Wi-Fi'), COLLECTION);
    deployment = made.id;
    ciId = made.items[0]?.ciId ?? '';
  });

  const message = (
    n: number,
    topicType: StateMessage['topicType'],
    stateId: number,
    sequence: number,
    more: Partial<StateMessage> = {},
  ): StateMessage => ({
    enrollmentId: `MAC-${n}`,
    topicType,
    topicId: topicType === ciCompliance ? `${deployment}/${ciId}` : deployment,
    stateId,
    sequence,
    at: site.now + sequence,
    ...more,
  });
  const counts = async () => (await site.rooms.deployments.summary(deployment)).counts;
  const dump = async (): Promise<unknown> => ({
    states: await db.query(`SELECT * FROM {deployment_state} ORDER BY deployment_id, enrollment_id`),
    items: await db.query(`SELECT * FROM {deployment_item_state} ORDER BY enrollment_id`),
    others: await db.query(`SELECT * FROM {state_message} ORDER BY enrollment_id, topic_type, topic_id`),
    counts: await counts(),
    itemCounts: (await site.rooms.deployments.summary(deployment)).items,
  });

  it('move the counters of their deployment, and of its items', async () => {
    await site.report(
      message(0, assignmentCompliance, compliant, 1),
      message(1, assignmentEnforcement, started, 1),
      message(2, assignmentEnforcement, failed, 1, { reason: 'no disk', errorCode: 'X 1' }),
      message(0, ciCompliance, compliant, 1),
      message(2, ciCompliance, nonCompliant, 1),
    );
    expect(await counts()).toEqual({
      targeted: 4,
      success: 1,
      inProgress: 1,
      requirementsNotMet: 0,
      error: 1,
      unknown: 1,
    });
    await site.report(
      message(1, assignmentCompliance, compliant, 1),
      message(2, assignmentEnforcement, requirementsNotMet, 2),
      message(2, ciCompliance, compliant, 2),
    );
    const summary = await site.rooms.deployments.summary(deployment);
    expect(summary.counts).toMatchObject({
      success: 2,
      inProgress: 0,
      requirementsNotMet: 1,
      error: 0,
      unknown: 1,
    });
    expect(summary.compliantPercentage).toBe(50);
    expect(summary.items).toMatchObject([{ ciId, compliant: 2, nonCompliant: 0 }]);
  });

  it('count the same in whatever order and batches they arrive, and however often', async () => {
    const topics = [
      assignmentCompliance,
      assignmentEnforcement,
      stateTopics.assignmentEvaluation,
      ciCompliance,
      updateScan,
    ];
    const states = fc.record({
      n: fc.integer({ min: 0, max: 2 }),
      topic: fc.constantFrom(...topics),
      stateId: fc.integer({ min: 0, max: 13 }),
      gone: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(states, { maxLength: 25 }),
        fc.infiniteStream(fc.nat()),
        async (made, random) => {
          const messages = made.map(({ n, topic, stateId, gone }, index) =>
            message(n, topic, stateId, index + 1, {
              reason: `because of ${index}`,
              ...(topic === assignmentEnforcement && { steps: { ...NO_STEPS, queuedAt: index } }),
              ...(gone && { gone }),
            }),
          );
          const clear = async (): Promise<void> => {
            for (const table of ['deployment_state', 'deployment_item_state', 'state_message'])
              await db.execute(`DELETE FROM {${table}}`);
            await db.execute('UPDATE {deployment} SET counted_at = 0');
            await site.rooms.upkeep.recountOne(site.now);
          };
          await site.report(...messages);
          const expected = await dump();
          await clear();
          const shuffled = [...messages, ...messages.slice(0, 5)]
            .map((item) => ({ item, rank: random.next().value as number }))
            .sort((a, b) => a.rank - b.rank)
            .map(({ item }) => item);
          for (let from = 0; from < shuffled.length; from += 4)
            await site.report(...shuffled.slice(from, from + 4));
          expect(await dump()).toEqual(expected);
          await db.execute('UPDATE {deployment} SET counted_at = 0');
          await site.rooms.upkeep.recountOne(site.now);
          expect(await dump()).toEqual(expected);
          await clear();
        },
      ),
      { numRuns: dialect === 'sqlite' ? 100 : 30 },
    );
  });

  it('of two replicas at once are all counted, without a correction', async () => {
    if (await isBabelfish(db)) return; // ignores UPDLOCK: both count from what neither has written yet
    const beside = new DeploymentHarness(await open({ beside: db }));
    beside.now = site.now;
    const rounds = Array.from({ length: 12 }, (_, round) => round);
    const batch = (round: number): StateMessage[] =>
      [0, 1, 2, 3].flatMap((n) => [
        message(n, assignmentEnforcement, round % 2 === 0 ? failed : started, round + 1),
        message(n, ciCompliance, round % 3, round + 1),
      ]);
    await Promise.all([
      ...rounds.map((round) => site.report(...batch(round))),
      ...rounds.map((round) => beside.report(...batch(round + 6).toReversed())),
    ]);
    const before = await dump();
    expect(await counts()).toMatchObject({ inProgress: 4, error: 0 });
    await db.execute('UPDATE {deployment} SET counted_at = 0');
    await site.rooms.upkeep.recountOne(site.now);
    expect(await dump()).toEqual(before);
  });

  it('are written by as many statements for two as for two thousand', async () => {
    const statementsFor = async (many: number): Promise<number> => {
      let count = 0;
      const counting = (tx: Tx): Tx =>
        new Proxy(tx, {
          get: (target, name) => {
            const value: unknown = Reflect.get(target, name);
            if (name !== 'query' && name !== 'execute') return value;
            return (...args: [string]) => {
              count += 1;
              return (value as (...all: unknown[]) => unknown).apply(target, args);
            };
          },
        });
      const messages = Array.from({ length: many }, (_, n) => [
        message(1_000 + n, assignmentEnforcement, started, 1),
        message(1_000 + n, ciCompliance, nonCompliant, 1),
        message(1_000 + n, updateScan, 1, 1, { topicId: 'scan' }),
      ]).flat();
      await db.transaction((tx) => site.rooms.intake.take(counting(tx), messages));
      return count;
    };
    const few = await statementsFor(2);
    expect(await statementsFor(2_000)).toBe(few);
    expect(few).toBeLessThanOrEqual(13);
  });

  it('are forgotten when the thing is gone, and an older message does not bring them back', async () => {
    await site.report(message(0, assignmentCompliance, compliant, 3), message(0, ciCompliance, compliant, 3));
    await site.report(
      message(0, assignmentCompliance, 0, 5, { gone: true }),
      message(0, ciCompliance, 0, 5, { gone: true }),
    );
    await site.report(message(0, assignmentCompliance, compliant, 4), message(0, ciCompliance, compliant, 4));
    expect(await counts()).toMatchObject({ success: 0, unknown: 4 });
    expect((await site.rooms.states.listStates(devices[0] ?? 0, { limit: 10 })).rows).toEqual([]);
    const retention = new StateRetentionStore(db);
    expect(await retention.pruneGone(site.now, 10)).toBe(0);
    expect(await retention.pruneGone(site.now + 1, 10)).toBe(2);
    expect(await db.query('SELECT 1 AS x FROM {deployment_state}')).toEqual([]);
  });

  it('of an item that goes and comes back before devices told of that are counted all the same', async () => {
    const thing = site.library.add('baseline', 'Both');
    const both = site.library.things.get(thing.thingId)?.items ?? [];
    const [first] = both;
    if (first === undefined) throw new Error('a thing has items');
    const second = { ...first, ciId: randomUUID(), identifier: 'second' };
    const setItems = async (items: typeof both): Promise<void> => {
      const known = site.library.things.get(thing.thingId);
      if (known === undefined) throw new Error('the thing is there');
      site.library.things.set(thing.thingId, { ...known, revision: known.revision + 1, items });
      await db.transaction((tx) => site.rooms.deployments.changed(tx, [thing]));
    };
    const { id } = await site.deploy(thing, COLLECTION);
    await setItems([first, second]);
    const said = (n: number, stateId: number, sequence: number): StateMessage =>
      message(n, ciCompliance, stateId, sequence, { topicId: `${id}/${second.ciId}` });
    await site.report(said(0, compliant, 1), said(1, compliant, 1), said(2, nonCompliant, 1));
    await setItems([first]);
    await site.report(said(1, nonCompliant, 2));
    await setItems([first, second]);
    const items = async () => (await site.rooms.deployments.summary(id)).items;
    expect((await items())[1]).toMatchObject({ compliant: 1, nonCompliant: 2 });
    await site.report(said(0, nonCompliant, 3));
    expect((await items())[1]).toMatchObject({ compliant: 0, nonCompliant: 3 });
  });

  it('of a deployment that was deleted are kept until they are gone, and count nowhere', async () => {
    await site.report(message(0, assignmentCompliance, compliant, 1), message(0, ciCompliance, compliant, 1));
    await site.rooms.deployments.delete(deployment, 'Eve', undefined);
    await site.report(message(1, assignmentCompliance, compliant, 1), message(1, ciCompliance, compliant, 1));
    expect(await db.query('SELECT 1 AS x FROM {deployment_summary}')).toEqual([]);
    expect(await db.query('SELECT 1 AS x FROM {deployment_item_summary}')).toEqual([]);
    expect((await site.rooms.states.listStates(devices[0] ?? 0, { limit: 10 })).rows).toHaveLength(2);
    for (const n of [0, 1])
      await site.report(
        message(n, assignmentCompliance, 0, 2, { gone: true }),
        message(n, ciCompliance, 0, 2, { gone: true }),
      );
    expect((await site.rooms.states.listStates(devices[0] ?? 0, { limit: 10 })).rows).toEqual([]);
    site.now += 400 * 86_400_000;
    while (await site.rooms.upkeep.step());
    for (const table of ['deployment_state', 'deployment_item_state'])
      expect(await db.query(`SELECT 1 AS x FROM {${table}}`)).toEqual([]);
  });

  it('of devices that never came back go with their deployment after a while', async () => {
    await site.report(message(0, assignmentCompliance, compliant, 1));
    await site.rooms.deployments.delete(deployment, 'Eve', undefined);
    site.now += 29 * 86_400_000;
    while (await site.rooms.upkeep.step());
    expect(await db.query('SELECT 1 AS x FROM {deployment_state}')).toHaveLength(1);
    site.now += 2 * 86_400_000;
    while (await site.rooms.upkeep.step());
    expect(await db.query('SELECT 1 AS x FROM {deployment_state}')).toEqual([]);
  });

  it('of enrolments that nobody knows yet are kept, and shown once they are known', async () => {
    await site.report(
      message(9, assignmentCompliance, compliant, 1),
      message(9, updateScan, 2, 1, { topicId: 'scan' }),
    );
    const [known = 0] = await site.addDevices(1, 9);
    const { rows } = await site.rooms.states.listStates(known, { limit: 10 });
    expect(rows).toMatchObject([
      { topicType: 300, topicId: deployment, stateName: 'compliant' },
      { topicType: 501, topicId: 'scan', stateId: 2 },
    ]);
  });

  it('show where each device is, by status, page by page', async () => {
    const steps = { ...NO_STEPS, targetedAt: 1, queuedAt: 2 };
    await site.report(
      message(0, assignmentEnforcement, failed, 1, { reason: 'no disk', errorCode: 'MCInstall 4001', steps }),
      message(0, ciCompliance, nonCompliant, 1, { reason: 'absent' }),
      message(1, assignmentCompliance, compliant, 1),
    );
    const list = async (status?: 'error' | 'success' | 'unknown', more: object = {}): Promise<string[]> => {
      const { rows } = await site.rooms.devices.list(deployment, status, { limit: 10, ...more });
      return rows.map(({ name, status: stands }) => `${name} ${stands}`);
    };
    expect(await list()).toEqual(['Mac 0 error', 'Mac 1 success', 'Mac 2 unknown', 'Mac 3 unknown']);
    expect(await list('error')).toEqual(['Mac 0 error']);
    expect(await list('success', { filter: "name eq 'mac 1'" })).toEqual(['Mac 1 success']);
    expect(await list('unknown')).toEqual(['Mac 2 unknown', 'Mac 3 unknown']);
    const first = await site.rooms.devices.list(deployment, undefined, { limit: 3, orderBy: 'name desc' });
    expect(await list(undefined, { limit: 3, orderBy: 'name desc', cursor: first.next })).toEqual([
      'Mac 0 error',
    ]);
    expect(await site.rooms.devices.read(deployment, devices[0] ?? 0)).toMatchObject({
      enrollments: [
        {
          enrollmentId: 'MAC-0',
          status: 'error',
          errorCode: 'MCInstall 4001',
          steps,
          items: [{ ciId, displayName: 'Wi-Fi', state: nonCompliant, reason: 'absent' }],
        },
      ],
    });
    const [stranger = 0] = await site.addDevices(1, 50);
    await expect(site.rooms.devices.read(deployment, stranger)).rejects.toMatchObject({
      code: 'ESP_DEPLOYMENT_DEVICE_NOT_TARGETED',
    });
    await expect(site.rooms.devices.list(randomUUID(), undefined, { limit: 1 })).rejects.toMatchObject({
      code: 'ESP_DEPLOYMENT_UNKNOWN',
    });
  });

  it('are counted anew now and then, which heals counters that are wrong', async () => {
    await site.report(message(0, assignmentCompliance, compliant, 1), message(0, ciCompliance, compliant, 1));
    await db.execute('UPDATE {deployment_summary} SET success = 7, failed = 3');
    await db.execute('UPDATE {deployment_item_summary} SET compliant = 9, conflict = 1');
    expect(await site.rooms.upkeep.step()).toBe(false);
    site.now += 2 * 3_600_000;
    expect(await site.rooms.upkeep.step()).toBe(true);
    const summary = await site.rooms.deployments.summary(deployment);
    expect(summary).toMatchObject({ counts: { success: 1, error: 0 }, countedAt: site.now });
    expect(summary.items).toMatchObject([{ compliant: 1, conflict: 0 }]);
  });

  it('may say anything: text that no database stores is cleaned', async () => {
    // Babelfish's OPENJSON leaves texts escaped.
    const quoted = (await isBabelfish(db)) ? '' : '"\\u0000"';
    await site.report(message(0, assignmentEnforcement, failed, 1, { reason: `a\0b \ud800 <${quoted}>` }));
    const { rows } = await site.rooms.devices.list(deployment, 'error', { limit: 1 });
    expect(rows[0]?.reason).toBe(`ab \ufffd <${quoted}>`);
  });
});
