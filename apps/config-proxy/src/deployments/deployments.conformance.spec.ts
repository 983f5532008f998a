import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { DeploymentHarness, deploymentMigrations, newDeployment, policyItem } from './deployment.fixture.js';

const DAY = 86_400_000;
const COLLECTION = 'ESP00014';

/** One suite for every database: what is stored of a deployment, who is told, and what is refused. */
describeOnEachDatabase('deployments', { migrations: deploymentMigrations }, (open) => {
  let db: Database;
  let site: DeploymentHarness;

  beforeEach(async () => {
    db = await open();
    site = new DeploymentHarness(db);
    await site.addCollection(COLLECTION, await site.addDevices(2));
  });

  const rowsOf = async (...tables: string[]): Promise<number[]> =>
    Promise.all(tables.map(async (table) => (await db.query(`SELECT 1 AS x FROM {${table}}`)).length));
  const everything = [
    'deployment',
    'deployment_version',
    'deployment_summary',
    'deployment_item_summary',
    'status_message',
    'outbox',
  ];

  it('are made with a number, a name, counters, a history, and tell policy, scope and admins', async () => {
    const thing = site.library.add('baseline', 'Security', [{}, { identifier: 'com.example.vpn' }]);
    const made = await site.deploy(thing, COLLECTION);
    expect(made).toMatchObject({
      name: `Security_Lab ${COLLECTION}_Install`,
      assignmentId: 16_777_300,
      thingName: 'Security',
      collectionName: `Lab ${COLLECTION}`,
      startAt: site.now,
      version: 1,
      deployedRevision: 1,
      createdBy: 'an admin',
      counts: { targeted: 2, success: 0, inProgress: 0, requirementsNotMet: 0, error: 0, unknown: 2 },
    });
    expect(made.items.map((item) => item.identifier)).toEqual(['com.example.wifi', 'com.example.vpn']);
    expect(await site.events('deployment.changed')).toEqual([
      { deploymentId: made.id, version: 1, collectionId: COLLECTION, deleted: false, at: site.now },
    ]);
    expect(await site.events('status.config-proxy')).toMatchObject([
      { messageId: 'deployment-created', deploymentId: made.id, text: expect.stringContaining('an admin') },
    ]);
    expect(site.tracked).toEqual([`+${COLLECTION}`]);
    expect((await site.deploy(thing, COLLECTION)).assignmentId).toBe(16_777_301);
    expect(site.tracked).toEqual([`+${COLLECTION}`]);
    expect((await site.rooms.deployments.summary(made.id)).items).toHaveLength(2);
  });

  it('that make no sense are refused, naming what is wrong, and change nothing', async () => {
    await site.addCollection('ESP0USER', [], 'user');
    const system = site.library.add('configuration-item', 'Wi-Fi');
    const user = site.library.add('configuration-item', 'Dock', [{ scope: 'user' }]);
    const script = site.library.add('configuration-item', 'Script', [{ kind: 'script' }]);
    const hollow = site.library.add('baseline', 'Hollow', []);
    const before = await rowsOf(...everything);
    for (const [attempt, code, detail] of [
      [
        () => site.deploy(system, COLLECTION, { startAt: site.now, deadlineAt: site.now - 1 }),
        'ESP_DEPLOYMENT_TIMES_INVALID',
        /before startAt/,
      ],
      [() => site.deploy(system, COLLECTION, { startAt: 12 }), 'ESP_DEPLOYMENT_TIMES_INVALID', /startAt/],
      [
        () => site.deploy(system, COLLECTION, { startAt: site.now + 5_000 * DAY }),
        'ESP_DEPLOYMENT_TIMES_INVALID',
        /startAt/,
      ],
      [
        () => site.deploy(system, COLLECTION, { deadlineAt: 9e15 }),
        'ESP_DEPLOYMENT_TIMES_INVALID',
        /deadlineAt/,
      ],
      [
        () => site.deploy(system, COLLECTION, { intent: 'available', deadlineAt: site.now + DAY }),
        'ESP_DEPLOYMENT_TIMES_INVALID',
        /available/,
      ],
      [() => site.deploy(system, 'ESP99999'), 'ESP_COLLECTION_UNKNOWN', /ESP99999/],
      [
        () => site.deploy({ thingKind: 'baseline', thingId: randomUUID() }, COLLECTION),
        'ESP_LIBRARY_UNKNOWN',
        /-/,
      ],
      [() => site.deploy(user, COLLECTION), 'ESP_DEPLOYMENT_DOES_NOT_FIT', /Dock.*users/],
      [() => site.deploy(system, 'ESP0USER'), 'ESP_DEPLOYMENT_DOES_NOT_FIT', /Wi-Fi.*devices/],
      [
        () => site.deploy(script, COLLECTION, { action: 'uninstall' }),
        'ESP_DEPLOYMENT_DOES_NOT_FIT',
        /Script/,
      ],
      [() => site.deploy(hollow, COLLECTION), 'ESP_DEPLOYMENT_NOTHING_IN_IT', /Hollow/],
    ] as const) {
      const error: unknown = await attempt().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code, detail: expect.stringMatching(detail) });
      expect((error as { status: number }).status).toBeLessThan(500);
    }
    expect(await rowsOf(...everything)).toEqual(before);
    expect(site.tracked).toEqual([]);
  });

  it('change by version, and not where nothing changes or somebody was faster', async () => {
    const { deployments } = site.rooms;
    const made = await site.deploy(site.library.add('configuration-item', 'Wi-Fi'), COLLECTION);
    site.now += DAY;
    const changed = await deployments.change(made.id, { priority: 2, comment: 'why' }, 'Eve', '"1"');
    expect(changed).toMatchObject({
      version: 2,
      priority: 2,
      comment: 'why',
      changedBy: 'Eve',
      changedAt: site.now,
      createdBy: 'an admin',
    });
    expect(await deployments.change(made.id, { priority: 2 }, 'Bob', undefined)).toMatchObject({
      version: 2,
      changedBy: 'Eve',
    });
    await expect(deployments.change(made.id, { priority: 0 }, 'Bob', '"1"')).rejects.toMatchObject({
      code: 'ESP_SITE_CHANGED_MEANWHILE',
    });
    await expect(
      deployments.change(made.id, { deadlineAt: made.startAt - DAY }, 'Bob', undefined),
    ).rejects.toMatchObject({ code: 'ESP_DEPLOYMENT_TIMES_INVALID' });
    await expect(deployments.change(randomUUID(), { priority: 0 }, 'Bob', undefined)).rejects.toMatchObject({
      code: 'ESP_DEPLOYMENT_UNKNOWN',
    });
    expect((await site.events('deployment.changed')).map(({ version }) => version)).toEqual([1, 2]);
  });

  it('of two changes to one version only one is made', async () => {
    const made = await site.deploy(site.library.add('configuration-item', 'Wi-Fi'), COLLECTION);
    const outcomes = await Promise.allSettled(
      [0, 2].map((priority) => site.rooms.deployments.change(made.id, { priority }, 'Eve', '"1"')),
    );
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await site.rooms.deployments.read(made.id)).version).toBe(2);
  });

  it('leave nothing behind but their history when they are deleted', async () => {
    const thing = site.library.add('configuration-item', 'Wi-Fi');
    const [one, two] = [await site.deploy(thing, COLLECTION), await site.deploy(thing, COLLECTION)];
    await site.rooms.deployments.delete(one.id, 'Eve', '"1"');
    expect(site.tracked).toEqual([`+${COLLECTION}`]);
    await site.rooms.deployments.delete(two.id, 'Eve', undefined);
    expect(site.tracked).toEqual([`+${COLLECTION}`, `-${COLLECTION}`]);
    expect(await rowsOf('deployment', 'deployment_summary', 'deployment_item_summary')).toEqual([0, 0, 0]);
    expect((await site.events('deployment.changed')).slice(-1)).toMatchObject([
      { version: 2, deleted: true },
    ]);
    await expect(site.rooms.deployments.summary(one.id)).rejects.toMatchObject({
      code: 'ESP_DEPLOYMENT_UNKNOWN',
    });
    await expect(site.rooms.deployments.delete(one.id, 'Eve', undefined)).rejects.toMatchObject({
      code: 'ESP_DEPLOYMENT_UNKNOWN',
    });
  });

  it('follow what they deploy, in the transaction that changes it', async () => {
    const [wifi, other] = [
      site.library.add('configuration-item', 'Wi-Fi'),
      site.library.add('baseline', 'Other'),
    ];
    const made = await site.deploy(wifi, COLLECTION);
    const untouched = await site.deploy(other, COLLECTION);
    site.library.revise(wifi);
    const failed = db.transaction(async (tx) => {
      await site.rooms.deployments.changed(tx, [wifi, other]);
      throw new Error('the change of the library fails');
    });
    await expect(failed).rejects.toThrow('fails');
    expect((await site.rooms.deployments.read(made.id)).version).toBe(1);
    await db.transaction((tx) => site.rooms.deployments.changed(tx, [wifi, other]));
    expect(await site.rooms.deployments.read(made.id)).toMatchObject({
      version: 2,
      deployedRevision: 2,
      items: [{ revision: 2 }],
      changedBy: 'the library',
    });
    expect((await site.rooms.deployments.read(untouched.id)).version).toBe(1);
    expect((await site.events('deployment.changed')).slice(2)).toMatchObject([
      { deploymentId: made.id, version: 2 },
    ]);
  });

  it('hold fast what they need', async () => {
    const thing = site.library.add('configuration-item', 'Wi-Fi');
    const made = await site.deploy(thing, COLLECTION, { name: 'Office' });
    await db.transaction(async (tx) => {
      expect(await site.rooms.deployments.of(tx, thing)).toEqual([{ id: made.id, name: 'Office' }]);
      expect(await site.rooms.deployments.of(tx, { ...thing, thingKind: 'baseline' })).toEqual([]);
      expect(await site.rooms.ofCollections.blockers?.(tx, COLLECTION)).toEqual([
        'has the deployment "Office"',
      ]);
    });
  });

  it('hold fast what baselines deploy', async () => {
    const [ciId, other] = [randomUUID(), randomUUID()];
    const made = await site.deploy(site.library.add('baseline', 'Security', [{ ciId }]), COLLECTION);
    await db.transaction(async (tx) => {
      const of = (thingId: string) =>
        site.rooms.deployments.of(tx, { thingKind: 'configuration-item', thingId });
      expect(await of(ciId)).toEqual([{ id: made.id, name: made.name }]);
      expect(await of(other)).toEqual([]);
    });
  });

  it('that are being made hold fast their collection', async () => {
    const beside = new DeploymentHarness(await open({ beside: db }));
    const thing = site.library.add('configuration-item', 'Wi-Fi');
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const creation = db.transaction(async (tx) => {
      await site.rooms.deployments.create(tx, { ...newDeployment(thing, COLLECTION), name: 'Office' }, 'Eve');
      begun.resolve();
      await goOn.promise;
    });
    await begun.promise;
    const blockers = beside.db.transaction((tx) => beside.rooms.deployments.blockers(tx, COLLECTION));
    const early = await Promise.race([blockers, delay(50, 'it waits')]);
    goOn.resolve();
    await creation;
    expect(early).toBe('it waits');
    expect(await blockers).toEqual(['has the deployment "Office"']);
  });

  it('list with filter, order and pages, and count', async () => {
    for (const [name, priority] of [
      ['Wi-Fi', 2],
      ['VPN', 1],
      ['Dock', 2],
    ] as const) {
      site.now += 1;
      await site.deploy(site.library.add('configuration-item', name), COLLECTION, { name, priority });
    }
    const names = async (request: object): Promise<string[]> =>
      (await site.rooms.store.list({ limit: 10, ...request })).rows.map(({ name }) => name);
    expect(await names({})).toEqual(['Dock', 'VPN', 'Wi-Fi']);
    expect(await names({ filter: "priority eq 2 and contains(thingName,'wi')" })).toEqual(['Wi-Fi']);
    expect(
      await names({
        filter: `collectionId eq '${COLLECTION.toLowerCase()}' and enabled eq true`,
        orderBy: 'name',
      }),
    ).toEqual(['Dock', 'VPN', 'Wi-Fi']);
    const first = await site.rooms.store.list({ limit: 2 });
    expect(await names({ limit: 2, cursor: first.next })).toEqual(['Wi-Fi']);
    await expect(names({ filter: 'nonsense eq 1' })).rejects.toMatchObject({
      code: 'ESP_SITE_FILTER_INVALID',
    });
  });

  it('of users count every enrolment of a member, and members without one', async () => {
    const [mac = 0] = await site.addDevices(1, 10);
    await site.addUser(2_063_597_569, 'ada', mac);
    await site.addUser(2_063_597_570, 'bob', mac);
    await db.execute("UPDATE {resource_enrollment} SET is_active = 0 WHERE enrollment_id LIKE '%:bob'");
    await site.addCollection('ESP0USER', [2_063_597_569, 2_063_597_570], 'user');
    const thing = site.library.add('configuration-item', 'Dock', [policyItem({ scope: 'user' })]);
    expect((await site.deploy(thing, 'ESP0USER')).counts.targeted).toBe(2);
  });

  it('remember what was deployed when, deleted ones too', async () => {
    const thing = site.library.add('configuration-item', 'Wi-Fi');
    const begin = site.now;
    const made = await site.deploy(thing, COLLECTION, { name: 'Office' });
    site.now = begin + DAY;
    site.library.revise(thing);
    await db.transaction((tx) => site.rooms.deployments.changed(tx, [thing]));
    site.now = begin + 2 * DAY;
    await site.rooms.deployments.delete(made.id, 'Eve', undefined);
    const at = async (time: number): Promise<unknown[]> => {
      const moment = `'${new Date(time).toISOString()}'`;
      const filter = `fromAt le ${moment} and (untilAt gt ${moment} or untilAt eq null)`;
      const { rows } = await site.rooms.history.list({ limit: 10, filter });
      return rows.map(({ deployedRevision }) => deployedRevision);
    };
    expect(await at(begin + 1)).toEqual([1]);
    expect(await at(begin + DAY + 1)).toEqual([2]);
    expect(await at(begin + 2 * DAY + 1)).toEqual([]);
    const all = await site.rooms.history.list({ limit: 10 });
    expect(all.rows.map(({ change, changedBy }) => [change, changedBy])).toEqual([
      ['deleted', 'Eve'],
      ['content', 'the library'],
      ['created', 'an admin'],
    ]);
  });

  it('migrate back and forward with data in them', async () => {
    await site.deploy(site.library.add('configuration-item', 'Wi-Fi'), COLLECTION);
    await db.revert(1);
    await db.migrate();
    expect(await db.pendingMigrations()).toEqual([]);
  });
});
