import { randomUUID } from 'node:crypto';
import type { ClientTaskState } from '@espalier/contracts';
import { insertRows, type Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { unrestricted } from '../access/restrict.js';
import { person, SpecTime, TaskHarness, taskMigrations } from './client-task.fixture.js';
import { MAX_OUTPUT_BYTES } from './task.output.js';

const [FIRST, SECOND, THIRD] = [16_777_219, 16_777_220, 16_777_221];
const HOUR = 3_600_000;
const done = { state: 'succeeded', exitCode: 0, output: 'hello' } as const;

/** One suite for every database: what Mac clients get to do, once each, and what they say of it. */
describeOnEachDatabase('tasks of Mac clients', { migrations: taskMigrations }, (open) => {
  let db: Database;
  let time: SpecTime;
  let site: TaskHarness;
  let other: TaskHarness;
  beforeEach(async () => {
    db = await open();
    time = new SpecTime();
    site = new TaskHarness(db, time);
    other = new TaskHarness(db, time);
    await site.devices([FIRST, SECOND, THIRD], [FIRST, SECOND]);
  });
  afterEach(async () => {
    await site.stop();
    await other.stop();
  });

  const tasks = () => site.rooms.tasks;
  const operations = () => site.rooms.operations;
  const upkeep = () => site.rooms.upkeep;
  const stateOf = async (operation: number, device = FIRST): Promise<ClientTaskState> =>
    (await tasks().get(operation, device)).state;
  /** Carries out the job of an operation; gives what it says. */
  async function finished(operation: number): Promise<readonly string[]> {
    site.run();
    const { jobId } = await operations().get(operation, unrestricted, true);
    const deadline = AbortSignal.timeout(20_000);
    for (;;) {
      const { state, messages } = await site.jobs.get(jobId ?? '');
      if (state === 'succeeded') return messages;
      deadline.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  const counts = async (operation: number): Promise<Record<string, number>> => {
    const { tasks: all } = await operations().get(operation, unrestricted, true);
    return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0));
  };

  it('give the approved text with its hash and parameters, and keep what comes back', async () => {
    const script = await site.approved('echo "$Who"', {
      parameters: [
        { name: 'Who', description: '', isRequired: true, defaultValue: null },
        { name: 'How', description: '', isRequired: false, defaultValue: 'loud' },
      ],
    });
    const operation = await site.start(script.id, { deviceIds: [FIRST] }, { Who: 'canary-4711' });
    expect(JSON.stringify(await db.query('SELECT * FROM {task_operation}'))).not.toContain('canary');
    const [task, ...more] = await tasks().take(FIRST);
    expect(more).toEqual([]);
    expect(task).toEqual({
      id: expect.any(String),
      expiresAt: time.at + HOUR,
      content: {
        kind: 'run-script',
        language: 'zsh',
        text: 'echo "$Who"',
        sha256: script.sha256,
        parameters: { Who: 'canary-4711', How: 'loud' },
      },
    });
    expect(await tasks().report(FIRST, task?.id ?? '', { ...done, output: 'canary-4712\0\n' })).toBe(
      'succeeded',
    );
    expect(await tasks().get(operation, FIRST)).toMatchObject({
      state: 'succeeded',
      exitCode: 0,
      output: 'canary-4712\0\n',
      isTruncated: false,
      fetchedAt: time.at,
      finishedAt: time.at,
    });
    expect(JSON.stringify(await db.query('SELECT * FROM {client_task}'))).not.toContain('canary');
    expect(await tasks().take(FIRST)).toEqual([]);
  });

  it('are told apart at once where there is no Mac client', async () => {
    const { id } = await site.approved();
    const operation = await site.start(id, { deviceIds: [THIRD, FIRST] });
    expect(await counts(operation)).toEqual({ waiting: 1, 'requirements-not-met': 1 });
    expect(await tasks().get(operation, THIRD)).toMatchObject({
      state: 'requirements-not-met',
      reason: 'Requirements not met: there is no Mac client on this device.',
      finishedAt: time.at,
      output: '',
    });
    expect(await tasks().take(THIRD)).toEqual([]);
  });

  it('are the same for a client that asks again, and for replicas that are asked at once', async () => {
    const { id } = await site.approved();
    for (let number = 0; number < 3; number += 1) await site.start(id, { deviceIds: [FIRST] });
    const answers = await Promise.all([
      site.rooms.tasks.take(FIRST),
      other.rooms.tasks.take(FIRST),
      site.rooms.tasks.take(FIRST),
    ]);
    expect(answers[0]).toHaveLength(3);
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    time.at += HOUR / 2;
    // Asking again gains no time.
    expect(await other.rooms.tasks.take(FIRST)).toEqual(answers[0]);
  });

  it('end once: reports that come again, or at the same time, change nothing', async () => {
    const { id } = await site.approved();
    const operation = await site.start(id, { deviceIds: [FIRST] });
    const [task] = await tasks().take(FIRST);
    const taskId = task?.id ?? '';
    const failed = { state: 'failed', exitCode: 1, output: 'no' } as const;
    const told = await Promise.all([
      site.rooms.tasks.report(FIRST, taskId, done),
      other.rooms.tasks.report(FIRST, taskId, failed),
    ]);
    expect(told[0]).toBe(told[1]);
    const after = await tasks().get(operation, FIRST);
    expect(after).toMatchObject(told[0] === 'succeeded' ? done : failed);
    await tasks().report(FIRST, taskId, { ...done, output: 'late' });
    expect(await tasks().get(operation, FIRST)).toEqual(after);
  });

  it('are reported by nobody but the device that fetched them', async () => {
    const { id } = await site.approved();
    const operation = await site.start(id, { deviceIds: [FIRST, SECOND] });
    const [mine] = await tasks().take(FIRST);
    const waiting = (await tasks().get(operation, SECOND)).id;
    for (const [device, task] of [
      [SECOND, mine?.id ?? ''],
      [SECOND, waiting],
      [FIRST, randomUUID()],
    ] as const)
      await expect(tasks().report(device, task, done)).rejects.toMatchObject({
        code: 'ESP_CLIENT_TASK_UNKNOWN',
      });
    expect(await counts(operation)).toEqual({ waiting: 1, fetched: 1 });
  });

  it.each([
    ['beyond 80 KB', 'x'.repeat(MAX_OUTPUT_BYTES + 1), MAX_OUTPUT_BYTES, true],
    ['of exactly 80 KB', 'x'.repeat(MAX_OUTPUT_BYTES), MAX_OUTPUT_BYTES, false],
    ['cut inside a character', `x${'😀'.repeat(MAX_OUTPUT_BYTES / 4)}`, MAX_OUTPUT_BYTES - 3, true],
    ['of bytes that are no text', Buffer.alloc(MAX_OUTPUT_BYTES, 0xff), MAX_OUTPUT_BYTES - 2, true],
    ['of NULs and half characters', '\0\ud800\0', 5, false],
    ['of ten megabytes', Buffer.alloc(10_485_760, 0x41), MAX_OUTPUT_BYTES, true],
  ])('keep an output %s', async (_what, output, bytes, isTruncated) => {
    const { id } = await site.approved();
    const operation = await site.start(id, { deviceIds: [FIRST] });
    const [task] = await tasks().take(FIRST);
    const report = { state: 'failed', exitCode: 4_294_967_295, output, reason: 'a\0b\ud800' } as const;
    await tasks().report(FIRST, task?.id ?? '', report);
    const kept = await tasks().get(operation, FIRST);
    expect(kept).toMatchObject({
      outputBytes: bytes,
      isTruncated,
      exitCode: 2_147_483_647,
      reason: 'a b\ufffd',
    });
    expect(Buffer.byteLength(kept.output)).toBe(bytes);
    expect(kept.output.isWellFormed()).toBe(true);
  });

  it('lapse after an hour, fetched or not, and applications after a week', async () => {
    const { id } = await site.approved();
    const [never, silent] = [
      await site.start(id, { deviceIds: [SECOND] }),
      await site.start(id, { deviceIds: [FIRST] }),
    ];
    const install = await db.transaction((tx) =>
      operations().begin(
        tx,
        { kind: 'install-application', applicationId: randomUUID(), name: 'Pages' },
        { deviceIds: [SECOND] },
        'spec',
      ),
    );
    time.at += HOUR / 2;
    const [task] = await tasks().take(FIRST);
    time.at += HOUR / 2;
    expect((await tasks().take(SECOND)).map(({ content }) => content.kind)).toEqual(['install-application']);
    expect(await upkeep().step()).toBe(true);
    expect(await upkeep().step()).toBe(false);
    expect([await stateOf(never, SECOND), await stateOf(silent)]).toEqual(['expired', 'fetched']);
    expect(await stateOf(install, SECOND)).toBe('fetched');
    time.at += HOUR / 2;
    await other.rooms.upkeep.step();
    expect(await tasks().get(silent, FIRST)).toMatchObject({
      state: 'expired',
      reason: 'The device fetched it and did not report in time.',
    });
    expect(await tasks().report(FIRST, task?.id ?? '', done)).toBe('expired');
    time.at += 24 * HOUR;
    await upkeep().step();
    expect(await stateOf(install, SECOND)).toBe('expired');
  });

  it('never run another text than the one that was approved', async () => {
    const { id, sha256 } = await site.approved('echo approved');
    const before = await site.start(id, { deviceIds: [FIRST] });
    await site.rooms.scripts.change(id, { text: 'rm -rf /' }, undefined, person('anna'));
    await expect(site.start(id, { deviceIds: [FIRST] })).rejects.toMatchObject({
      code: 'ESP_SCRIPT_NOT_APPROVED',
    });
    const taken = await tasks().take(FIRST);
    expect(taken.map(({ content }) => content)).toMatchObject([{ text: 'echo approved', sha256 }]);
    await expect(
      db.transaction((tx) =>
        operations().begin(
          tx,
          { kind: 'run-script', scriptId: id, number: 1, sha256: 'f'.repeat(64), parameters: {} },
          { deviceIds: [FIRST] },
          'spec',
        ),
      ),
    ).rejects.toMatchObject({ code: 'ESP_SCRIPT_NOT_APPROVED' });
    expect(await stateOf(before)).toBe('fetched');
  });

  it.each([
    ['denied', 'The script was denied.'],
    ['deleted', 'The script was deleted.'],
  ])('of a script that is %s are taken back from who has not fetched them', async (how, reason) => {
    const { id } = await site.approved();
    const operation = await site.start(id, { deviceIds: [FIRST, SECOND] });
    await tasks().take(FIRST);
    if (how === 'denied') await site.decide(id, 'denied', person('bert'));
    else await site.rooms.scripts.delete(id, undefined);
    expect(await tasks().get(operation, SECOND)).toMatchObject({ state: 'cancelled', reason });
    expect(await tasks().take(SECOND)).toEqual([]);
    // A client that asks once more does not get what is not approved any more either.
    expect(await tasks().take(FIRST)).toEqual([]);
    expect(await stateOf(operation)).toBe('cancelled');
  });

  it('of a collection are made by a job, in steps, once for each member', async () => {
    const members = Array.from({ length: 1_203 }, (_, index) => 17_000_000 + index);
    await site.devices(members, [17_000_000, 17_001_202]);
    await site.collection('TST00020', members);
    const { id } = await site.approved();
    const operation = await site.start(id, { collectionId: 'TST00020' });
    other.run();
    await finished(operation);
    expect(await counts(operation)).toEqual({ waiting: 2, 'requirements-not-met': 1_201 });
    expect(await tasks().take(17_001_202)).toHaveLength(1);
    const page = await tasks().list(operation, { limit: 3, filter: "state eq 'waiting'" }, unrestricted);
    expect(page.items.map(({ deviceName }) => deviceName)).toEqual(['Mac 17000000']);
    // A step that is done again finds what it made.
    const again = { id: '', params: { operationId: operation }, cursor: null, createdBy: 'spec' };
    await site.rooms.jobKind.step(again, AbortSignal.timeout(1_000));
    expect(await counts(operation)).toEqual({ waiting: 1, fetched: 1, 'requirements-not-met': 1_201 });
  });

  it('reach no more devices of a collection than were weighed, however many join before the job comes to them', async () => {
    const members = Array.from({ length: 1_100 }, (_, index) => 17_000_000 + index);
    await site.devices(members, []);
    await site.collection('TST00022', members.slice(0, 600));
    const { id } = await site.approved();
    const operation = await site.start(id, { collectionId: 'TST00022' });
    const joining = members.slice(600).map((resource_id) => ({ resource_id, is_direct: 1, joined_at: 1 }));
    await insertRows(
      db,
      'collection_member',
      joining.map((row) => ({ ...row, collection_id: 'TST00022' })),
    );
    expect(await finished(operation)).toEqual([expect.stringContaining('has grown')]);
    expect(await counts(operation)).toEqual({ 'requirements-not-met': 600 });
  });

  it('reach nobody of a collection that is empty until the run was let through', async () => {
    await site.collection('TST00023', []);
    const { id } = await site.approved();
    const operation = await site.start(id, { collectionId: 'TST00023' });
    const row = { collection_id: 'TST00023', resource_id: FIRST, is_direct: 1, joined_at: 1 };
    await insertRows(db, 'collection_member', [row]);
    expect(await finished(operation)).toEqual([expect.stringContaining('has grown')]);
    expect(await counts(operation)).toEqual({});
  });

  it('reach nobody of a collection that was defined anew: these are not the devices that were weighed', async () => {
    await site.collection('TST00024', [FIRST]);
    const { id } = await site.approved();
    const operation = await site.start(id, { collectionId: 'TST00024' });
    await db.execute("UPDATE {collection} SET version = 2 WHERE collection_id = 'TST00024'");
    await db.execute('UPDATE {collection_member} SET resource_id = :SECOND WHERE resource_id = :FIRST', {
      FIRST,
      SECOND,
    });
    expect(await finished(operation)).toEqual([expect.stringContaining('was changed')]);
    expect(await counts(operation)).toEqual({});
  });

  it('are taken back while their job still makes them', async () => {
    await site.collection('TST00021', [FIRST, SECOND]);
    const { id } = await site.approved();
    const operation = await site.start(id, { collectionId: 'TST00021' });
    expect(await operations().cancel(operation, 'changed my mind')).toEqual({ takenBack: 0, tooLate: 0 });
    await finished(operation);
    expect(await counts(operation)).toEqual({});
    const named = await site.start(id, { deviceIds: [FIRST, SECOND] });
    await tasks().take(FIRST);
    expect(await operations().cancel(named, 'changed my mind')).toEqual({ takenBack: 1, tooLate: 1 });
    expect(await operations().cancel(named, 'again')).toEqual({ takenBack: 1, tooLate: 1 });
  });

  it('are begun once for each key, and refused whole where one device is none', async () => {
    const { id } = await site.approved();
    const key = randomUUID();
    const first = await site.start(id, { deviceIds: [FIRST] }, {}, key);
    expect(await site.start(id, { deviceIds: [FIRST] }, {}, key)).toBe(first);
    await expect(site.start(id, { deviceIds: [FIRST, 7] })).rejects.toMatchObject({
      code: 'ESP_RESOURCE_UNKNOWN',
      detail: '7',
    });
    await expect(site.start(id, { collectionId: 'XXX00001' })).rejects.toMatchObject({
      code: 'ESP_COLLECTION_UNKNOWN',
    });
    await expect(site.start(id, { deviceIds: [FIRST] }, { nothing: 'x' })).rejects.toMatchObject({
      code: 'ESP_SCRIPT_PARAMETERS_INVALID',
      fields: { 'parameters.nothing': expect.any(String) },
    });
    expect(await tasks().take(FIRST)).toHaveLength(1);
  });

  it('refuse values that no process takes, through whichever door they come', async () => {
    const { id } = await site.approved('echo "$Who"', {
      parameters: [{ name: 'Who', description: '', isRequired: false, defaultValue: null }],
    });
    for (const Who of ['a\0b', '\ud800', 'x'.repeat(1_001)])
      await expect(site.start(id, { deviceIds: [FIRST] }, { Who })).rejects.toMatchObject({
        code: 'ESP_SCRIPT_PARAMETERS_INVALID',
        fields: { 'parameters.Who': expect.any(String) },
      });
  });

  it('are forgotten, with their outputs, when they are old', async () => {
    const { id } = await site.approved();
    const [old, open] = [
      await site.start(id, { deviceIds: [THIRD] }),
      await site.start(id, { deviceIds: [FIRST] }),
    ];
    time.at += 1;
    const young = await site.start(id, { deviceIds: [THIRD] });
    while ((await site.rooms.prune(time.at)) > 0);
    expect(await operations().find(old, unrestricted)).toBeUndefined();
    expect(await operations().find(open, unrestricted)).toBeDefined();
    expect(await operations().find(young, unrestricted)).toBeDefined();
  });
});
