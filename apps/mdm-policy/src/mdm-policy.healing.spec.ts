import { describeOnEachDatabase } from '@espalier/testing';
import { mdmPolicyMigrations } from './migrations/index.js';
import { windowOf } from './planner/planner.fixture.js';
import { COLLECTION, untilStored } from './spec/bus.fixture.js';
import {
  COMPLIANT,
  deployment,
  ERROR,
  FAILED,
  HOUR,
  MINUTE,
  profile,
  ServiceHarness,
  WAITS_FOR_WINDOW,
} from './spec/service.fixture.js';

/** What was lost, died half-way or is not as it was told is found and put right, and nothing is done twice. */
describeOnEachDatabase('the healing of mdm-policy', { migrations: mdmPolicyMigrations }, (open, dialect) => {
  // Babelfish stands in for SQL Server where specs run on it, and its locking hints have no effect.
  if (dialect === 'mssql') return;
  let service: ServiceHarness;
  let { db, clock, mdm, site, replica, compliant, commandsOf } = {} as ServiceHarness;
  beforeEach(async () => {
    service = await ServiceHarness.start(await open());
    ({ db, clock, mdm, site, replica, compliant, commandsOf } = service);
  });
  afterEach(() => service.stop());

  it('makes the same call again where the answer was lost, and where it died before the call', async () => {
    const dying = await replica({ idle: true });
    const one = deployment([profile()]);
    await mdm.enroll('MAC-1');
    await site.members({ 'MAC-1': true });
    await site.deploy(one);
    // Everything is noted, and then the process is gone, before mdm was asked.
    await untilStored('it is noted', async () => {
      await dying.rooms.spread.step();
      await dying.rooms.reconcile.round();
      return (await db.query('SELECT id FROM {handover}')).length > 0;
    });
    expect(mdm.calls).toBe(0);
    await service.end(dying);
    mdm.loseNextAnswer = true;
    await replica({ replica: 'two' });
    await compliant('MAC-1', one);
    expect(mdm.calls).toBe(2);
    expect(commandsOf('MAC-1')).toEqual(['InstallProfile']);
  });

  it('gives each of many devices its command once, with two replicas at work', async () => {
    const ids = Array.from({ length: 300 }, (_, index) => `MAC-${String(index).padStart(4, '0')}`);
    const one = deployment([profile()]);
    await Promise.all(ids.map((id) => mdm.enroll(id)));
    await replica({ replica: 'one' });
    await replica({ replica: 'two' }, await open({ beside: db }));
    await site.deploy(one);
    await site.members(Object.fromEntries(ids.map((id) => [id, true])));
    await site.until('all comply', () =>
      ids.every((id) => site.message(id, one.id, 300)?.stateId === COMPLIANT),
    );
    expect(mdm.commands).toHaveLength(ids.length);
    expect(new Set(mdm.commands.map((command) => command.enrollmentId)).size).toBe(ids.length);
  });

  it('finds by itself what no event told of: deployments, their scope, and enrolments', async () => {
    const { rooms } = await replica({ idle: true });
    const one = deployment([profile()]);
    mdm.devices.set('MAC-1', { profiles: new Map(), declarations: [], prompt: true });
    site.deployments.set(one.id, one);
    await rooms.healing.heal(new AbortController().signal);
    expect(site.republished).toEqual([COLLECTION]);
    await site.members({ 'MAC-1': true });
    await untilStored(
      'the member is known',
      async () => (await db.query('SELECT enrollment_id FROM {scope_member}')).length > 0,
    );
    await rooms.healing.heal(new AbortController().signal);
    rooms.start();
    await compliant('MAC-1', one);
    site.deployments.delete(one.id);
    await rooms.healing.heal(new AbortController().signal);
    await site.until('it is gone', () => site.states.size === 0);
  });

  it('finds who left and who joined although no event told of it, and costs little where all is right', async () => {
    const { rooms } = await replica();
    const one = deployment([profile()]);
    await Promise.all(['MAC-1', 'MAC-2', 'MAC-3'].map((id) => mdm.enroll(id)));
    await site.deploy(one);
    await site.members({ 'MAC-1': true, 'MAC-2': true });
    await compliant('MAC-1', one);
    await compliant('MAC-2', one);
    site.loseMembers({ 'MAC-1': false, 'MAC-3': true });
    // By hand, as by a database that was set back: of a version that no event has had yet.
    await db.execute(`UPDATE {scope_member} SET version = 900 WHERE enrollment_id = 'MAC-1'`);
    await rooms.healing.heal(new AbortController().signal);
    await site.until('it has left', () =>
      site.stateOf('MAC-1', one.id).every((state) => state === undefined),
    );
    await compliant('MAC-3', one);
    expect(commandsOf('MAC-1')).toEqual(['InstallProfile', 'RemoveProfile']);
    expect(commandsOf('MAC-2')).toEqual(['InstallProfile']);
    const before = site.comparisons;
    await rooms.healing.heal(new AbortController().signal);
    expect(site.comparisons).toBe(before + 1);
    expect(await db.query('SELECT COUNT(*) AS n FROM {scope_member} WHERE is_member = 1')).toEqual([
      { n: 2 },
    ]);
  });

  it('finds that maintenance windows are others although no event told of it', async () => {
    const { rooms } = await replica();
    const one = deployment([profile()]);
    await mdm.enroll('MAC-1');
    await site.windows([windowOf({ startAt: Date.now() + HOUR, recurrence: { kind: 'none' } })]);
    await site.members({ 'MAC-1': true });
    await site.deploy(one);
    await site.until('it waits', () => site.message('MAC-1', one.id, 301)?.stateId === WAITS_FOR_WINDOW);
    const version = async (): Promise<unknown> => (await db.query('SELECT windows_version FROM {scope}'))[0];
    const before = await version();
    await rooms.healing.heal(new AbortController().signal);
    expect(await version()).toEqual(before);
    site.loseWindows([]);
    // By hand, as where config-proxy was set back: of a version that no event has had yet.
    await db.execute('UPDATE {scope} SET windows_version = 900');
    await rooms.healing.heal(new AbortController().signal);
    await compliant('MAC-1', one);
    expect(await version()).toEqual({ windows_version: 901 });
  });

  it('has a device compare its declarations where it does not have them as told, and tells what it calls invalid', async () => {
    await replica();
    const item = profile({ kind: 'declaration', identifier: 'org.example.passcode' });
    const one = deployment([item]);
    await mdm.enroll('MAC-1');
    await site.deploy(one);
    await site.members({ 'MAC-1': true });
    await compliant('MAC-1', one);
    clock.advance(MINUTE);
    await mdm.reportDeclarations('MAC-1', { active: false });
    await mdm.until('it is to compare', () => mdm.resyncs === 1);
    await compliant('MAC-1', one);
    clock.advance(MINUTE);
    const reasons = [{ code: 'Error.MissingAssets', description: 'An asset is not there.' }];
    await mdm.reportDeclarations('MAC-1', { active: false, valid: 'invalid', reasons });
    await site.until('it is an error', () => site.message('MAC-1', one.id, 300)?.stateId === ERROR);
    expect(site.message('MAC-1', one.id, 301)).toMatchObject({
      stateId: FAILED,
      reason: expect.stringContaining('An asset is not there. (Error.MissingAssets)') as string,
    });
    expect(mdm.resyncs).toBe(1);
    clock.advance(31 * MINUTE);
    await mdm.until('it is asked again', () => mdm.resyncs === 2);
    await compliant('MAC-1', one);
  });

  it('gives a declaration that stays inactive another server token, once comparing did not help', async () => {
    const { rooms } = await replica();
    const item = profile({ kind: 'declaration', identifier: 'org.example.passcode' });
    const one = deployment([item]);
    await mdm.enroll('MAC-1');
    await site.deploy(one);
    await site.members({ 'MAC-1': true });
    await compliant('MAC-1', one);
    const tokens = (): string[] | undefined =>
      mdm.devices.get('MAC-1')?.declarations.map(({ serverToken }) => serverToken);
    const given = tokens();
    mdm.stuck.set(item.identifier, item.version);
    clock.advance(MINUTE);
    await mdm.reportDeclarations('MAC-1');
    await mdm.until('it is to compare', () => mdm.resyncs === 1);
    expect(tokens()).toEqual(given);
    clock.advance(31 * MINUTE);
    rooms.nudge();
    await site.until('it has failed', () => site.message('MAC-1', one.id, 301)?.stateId === FAILED);
    clock.advance(31 * MINUTE);
    rooms.nudge();
    await mdm.until('it is given anew', () => mdm.resyncs === 2);
    await compliant('MAC-1', one);
    const renewed = tokens() ?? [];
    expect(renewed.filter((token) => given?.includes(token))).toEqual([]);
    expect(renewed).toHaveLength(2);
  });

  it('asks how commands ended that wait for long, and asks again for those that mdm has lost', async () => {
    const { rooms } = await replica();
    const one = deployment([profile()]);
    for (const id of ['MAC-1', 'MAC-2', 'MAC-3']) await mdm.enroll(id, false);
    await site.members({ 'MAC-1': true, 'MAC-2': true, 'MAC-3': true });
    await site.deploy(one);
    const queued =
      'SELECT enrollment_id FROM {managed_item} WHERE queued_at IS NOT NULL ORDER BY enrollment_id';
    await untilStored('all wait', async () => (await db.query(queued)).length === 3);
    mdm.loseCompletions = true;
    await mdm.connect('MAC-1');
    mdm.loseCompletions = false;
    mdm.commands.splice(
      mdm.commands.findIndex((command) => command.enrollmentId === 'MAC-2'),
      1,
    );
    await rooms.healing.heal(new AbortController().signal);
    // Too soon to suspect anything.
    expect(await db.query(queued)).toHaveLength(3);
    clock.advance(2 * HOUR);
    await rooms.healing.heal(new AbortController().signal);
    expect(await db.query(queued)).toEqual([{ enrollment_id: 'MAC-3' }]);
    rooms.nudge();
    await site.until('the lost one has failed', () => site.message('MAC-2', one.id, 301)?.stateId === FAILED);
    expect(site.message('MAC-2', one.id, 301)?.reason).toContain('has lost the command');
    await mdm.connect('MAC-1');
    await compliant('MAC-1', one);
    clock.advance(6 * MINUTE);
    rooms.nudge();
    await mdm.until('it is asked for again', () => commandsOf('MAC-2').length === 1);
    expect([commandsOf('MAC-1'), commandsOf('MAC-3')]).toEqual([['InstallProfile'], ['InstallProfile']]);
  });
});
