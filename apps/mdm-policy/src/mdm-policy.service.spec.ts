import { randomUUID } from 'node:crypto';
import { evaluatePolicy, explainPolicy, type PolicyDeployment, type PolicyItem } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase, startNatsServer, type NatsServer } from '@espalier/testing';
import { Replica } from './spec/replica.fixture.js';
import { mdmPolicyMigrations } from './migrations/index.js';
import { COLLECTION, SpecClock, untilStored, versionOf } from './spec/bus.fixture.js';
import { StandInConfigProxy } from './spec/stand-in-config-proxy.fixture.js';
import { StandInMdm } from './spec/stand-in-mdm.fixture.js';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const [STARTED, WAITS_FOR_WINDOW, FAILED, NOT_MET, DONE] = [1, 4, 6, 7, 10];
const [UNKNOWN, COMPLIANT, NON_COMPLIANT, CONFLICT, ERROR] = [0, 1, 2, 3, 4];
const EVALUATED = 2;

/** The service over a real nats-server and database; mdm with its devices and config-proxy are stand-ins. */
describeOnEachDatabase('mdm-policy', { migrations: mdmPolicyMigrations }, (open, dialect) => {
  // Babelfish stands in for SQL Server where specs run on it, and its locking hints have no effect.
  if (dialect === 'mssql') return;
  let server: NatsServer;
  let db: Database;
  let clock: SpecClock;
  let mdm: StandInMdm;
  let site: StandInConfigProxy;
  const replicas: Replica[] = [];

  beforeEach(async () => {
    server = await startNatsServer();
    db = await open();
    clock = new SpecClock();
    mdm = await StandInMdm.start(server, clock);
    site = await StandInConfigProxy.start(server, clock);
  });
  afterEach(async () => {
    await Promise.all(replicas.splice(0).map((replica) => replica.stop()));
    await Promise.all([mdm, site].map((standIn) => standIn.messaging.drain(5_000)));
    await server.stop();
  });

  async function replica(options: Parameters<typeof Replica.start>[3] = {}, on = db): Promise<Replica> {
    const started = await Replica.start(on, server, clock, options);
    replicas.push(started);
    return started;
  }

  const profile = (changes: Partial<PolicyItem> = {}): PolicyItem => {
    const ciId = randomUUID();
    return {
      ciId,
      revision: 1,
      kind: 'profile',
      identifier: 'org.example.wifi',
      version: versionOf(ciId),
      displayName: 'Wi-Fi',
      scope: 'system',
      platforms: ['mac'],
      ...changes,
    };
  };
  const deployment = (items: PolicyItem[], changes: Partial<PolicyDeployment> = {}): PolicyDeployment => ({
    id: randomUUID(),
    version: 1,
    name: 'Wi-Fi for all',
    collectionId: COLLECTION,
    intent: 'required',
    action: 'install',
    enabled: true,
    startAt: Date.now() - HOUR,
    deadlineAt: null,
    localTime: false,
    priority: 1,
    overrideWindows: false,
    createdAt: Date.now() - HOUR,
    items,
    ...changes,
  });
  const compliant = (id: string, of: PolicyDeployment): Promise<void> =>
    site.until(`${id} complies`, () => site.message(id, of.id, 300)?.stateId === COMPLIANT);
  const commandsOf = (id: string): string[] =>
    mdm.commands.filter((command) => command.enrollmentId === id).map((command) => command.requestType);

  it('installs what is deployed, proves it by the report, and tells each step', async () => {
    await replica();
    const wifi = profile();
    const [one] = [deployment([wifi])];
    await mdm.enroll('MAC-1');
    await site.members({ 'MAC-1': true });
    await site.deploy(one);
    await compliant('MAC-1', one);
    expect(mdm.devices.get('MAC-1')?.profiles.get(wifi.identifier)).toBe(wifi.version);
    expect(commandsOf('MAC-1')).toEqual(['InstallProfile']);
    expect(site.stateOf('MAC-1', one.id)).toEqual([EVALUATED, DONE, COMPLIANT]);
    expect(site.message('MAC-1', `${one.id}/${wifi.ciId}`, 401)?.stateId).toBe(COMPLIANT);
    const done = site.message('MAC-1', one.id, 301);
    expect(done?.commandId).toBe(mdm.commands[0]?.id);
    for (const [step, at] of Object.entries(done?.steps ?? {}))
      expect([step, typeof at]).toEqual([step, 'number']);
  });

  it('tells what waits for the device, what it refused, and tries again after a while', async () => {
    const { rooms } = await replica();
    mdm.refusal = 'It is not signed.';
    const one = deployment([profile()]);
    await mdm.enroll('MAC-1', false);
    await site.members({ 'MAC-1': true });
    await site.deploy(one);
    await site.until('it is started', () => site.message('MAC-1', one.id, 301)?.stateId === STARTED);
    expect(site.message('MAC-1', one.id, 300)?.stateId).toBe(NON_COMPLIANT);
    await mdm.until('mdm has the command', () => mdm.commands.length === 1);
    await mdm.connect('MAC-1');
    await site.until('it has failed', () => site.message('MAC-1', one.id, 301)?.stateId === FAILED);
    expect(site.message('MAC-1', one.id, 301)).toMatchObject({ errorCode: 'MCInstallationErrorDomain 4001' });
    expect(site.message('MAC-1', one.id, 301)?.reason).toContain('It is not signed.');
    expect(site.message('MAC-1', one.id, 300)?.stateId).toBe(ERROR);
    mdm.refusal = undefined;
    (mdm.devices.get('MAC-1') as { prompt: boolean }).prompt = true;
    clock.advance(6 * MINUTE);
    rooms.nudge();
    await compliant('MAC-1', one);
    expect(commandsOf('MAC-1')).toEqual(['InstallProfile', 'InstallProfile']);
  });

  it('mends drift at once, and waits before it does so again', async () => {
    const { rooms } = await replica();
    const one = deployment([profile()]);
    await mdm.enroll('MAC-1');
    await site.members({ 'MAC-1': true });
    await site.deploy(one);
    await compliant('MAC-1', one);
    const drift = async (): Promise<void> => {
      clock.advance(MINUTE);
      mdm.devices.get('MAC-1')?.profiles.clear();
      await mdm.reportProfiles('MAC-1');
    };
    await drift();
    await site.until('drift is told', () => site.message('MAC-1', one.id, 300)?.stateId === NON_COMPLIANT);
    await compliant('MAC-1', one);
    await drift();
    await site.until('drift is told', () => site.message('MAC-1', one.id, 300)?.stateId === NON_COMPLIANT);
    expect(commandsOf('MAC-1')).toHaveLength(2);
    clock.advance(6 * MINUTE);
    rooms.nudge();
    await compliant('MAC-1', one);
    expect(commandsOf('MAC-1')).toHaveLength(3);
  });

  it('takes off what a device that leaves the collection had of it, and forgets it', async () => {
    await replica();
    const one = deployment([profile()]);
    await mdm.enroll('MAC-1');
    await mdm.enroll('MAC-2');
    await site.members({ 'MAC-1': true, 'MAC-2': true });
    await site.deploy(one);
    await compliant('MAC-1', one);
    await compliant('MAC-2', one);
    await site.members({ 'MAC-1': false });
    await site.until('it is gone', () => ![...site.states.keys()].some((key) => key.startsWith('MAC-1')));
    expect(mdm.devices.get('MAC-1')?.profiles.size).toBe(0);
    expect(mdm.devices.get('MAC-2')?.profiles.size).toBe(1);
    expect(commandsOf('MAC-1')).toEqual(['InstallProfile', 'RemoveProfile']);
  });

  it('leaves nothing behind of a deployment that is deleted, its scope dropped', async () => {
    await replica();
    const wifi = profile();
    const passcode = profile({ kind: 'declaration', identifier: 'org.example.passcode' });
    const one = deployment([wifi, passcode]);
    await mdm.enroll('MAC-1');
    await site.members({ 'MAC-1': true });
    await site.deploy(one);
    await compliant('MAC-1', one);
    expect(mdm.devices.get('MAC-1')?.declarations.map((declaration) => declaration.identifier)).toEqual([
      'org.example.passcode',
      'org.example.passcode.activation',
    ]);
    await site.delete(one);
    await site.drop();
    await site.until('all is gone', () => site.states.size === 0);
    expect(mdm.devices.get('MAC-1')).toMatchObject({ profiles: new Map(), declarations: [] });
    for (const table of ['managed_item', 'assignment', 'handover', 'scope_member'])
      expect(await db.query(`SELECT * FROM {${table}}`)).toEqual([]);
  });

  it('tells the loser of a conflict on the device, and once in the log', async () => {
    await replica();
    const winner = deployment([profile()], { name: 'Winner', priority: 2 });
    const loser = deployment([profile()], { name: 'Loser' });
    for (const id of ['MAC-1', 'MAC-2']) await mdm.enroll(id);
    await site.members({ 'MAC-1': true, 'MAC-2': true });
    await site.deploy(winner);
    await site.deploy(loser);
    for (const id of ['MAC-1', 'MAC-2']) {
      await compliant(id, winner);
      await site.until('the loser is told', () => site.message(id, loser.id, 300)?.stateId === CONFLICT);
      expect(site.message(id, loser.id, 301)).toMatchObject({ stateId: NOT_MET });
      expect(site.message(id, loser.id, 301)?.reason).toContain('"Winner" wins: its priority is higher');
    }
    await site.until('the log tells', () => site.statuses.length > 0);
    expect(site.statuses).toMatchObject([{ messageId: 'deployment-conflict', deploymentId: loser.id }]);
  });

  it('waits for a maintenance window, and goes on when it opens', async () => {
    const { rooms } = await replica();
    const one = deployment([profile()]);
    const opensAt = Math.ceil(Date.now() / HOUR) * HOUR + HOUR;
    await mdm.enroll('MAC-1');
    await site.windows([
      {
        id: randomUUID(),
        name: 'Later',
        enabled: true,
        type: 'general',
        startAt: opensAt,
        durationMinutes: 60,
        localTime: false,
        recurrence: { kind: 'none' },
      },
    ]);
    await site.members({ 'MAC-1': true });
    await site.deploy(one);
    await site.until('it waits', () => site.message('MAC-1', one.id, 301)?.stateId === WAITS_FOR_WINDOW);
    expect(mdm.commands).toEqual([]);
    clock.advance(opensAt - Date.now() + MINUTE);
    rooms.nudge();
    await compliant('MAC-1', one);
  });

  it('hears events in any order, and twice, and does the same', async () => {
    await replica();
    const one = deployment([profile()]);
    await site.deploy(one);
    await site.members({ 'MAC-1': true, 'MAC-2': false }, 20);
    await site.members({ 'MAC-1': false, 'MAC-2': true }, 10);
    await site.members({ 'MAC-1': true, 'MAC-2': false }, 20);
    await mdm.enroll('MAC-2');
    await mdm.enroll('MAC-1');
    await compliant('MAC-1', one);
    await mdm.reportProfiles('MAC-1', 5);
    await site.deploy(one);
    await site.members({ 'MAC-1': true }, 21);
    const more = deployment([profile({ identifier: 'org.example.more' })]);
    await site.deploy(more);
    await compliant('MAC-1', more);
    expect(commandsOf('MAC-1')).toEqual(['InstallProfile', 'InstallProfile']);
    expect(commandsOf('MAC-2')).toEqual([]);
    expect(site.stateOf('MAC-1', one.id)).toEqual([EVALUATED, DONE, COMPLIANT]);
  });

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
    replicas.splice(replicas.indexOf(dying), 1);
    await dying.stop();
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

  it('begins anew when a device enrols again, and ends when it is removed', async () => {
    await replica();
    const one = deployment([profile()]);
    await mdm.enroll('MAC-1');
    await site.members({ 'MAC-1': true });
    await site.deploy(one);
    await compliant('MAC-1', one);
    clock.advance(MINUTE);
    await mdm.enroll('MAC-1');
    await mdm.until('it is installed again', () => commandsOf('MAC-1').length === 2);
    await compliant('MAC-1', one);
    clock.advance(MINUTE);
    await mdm.remove('MAC-1');
    await site.until('nothing is told of it', () => site.states.size === 0);
    expect(await db.query('SELECT * FROM {managed_item}')).toEqual([]);
  });

  it('brings a new revision to all, keeps what is there while disabled, and says once that it is through', async () => {
    const { rooms } = await replica();
    const one = deployment([profile()]);
    await mdm.enroll('MAC-1');
    await site.members({ 'MAC-1': true });
    await site.deploy(one);
    await compliant('MAC-1', one);
    await rooms.rollouts.check();
    await rooms.rollouts.check();
    await site.until('the log tells', () => site.statuses.length > 0);
    expect(site.statuses).toMatchObject([{ messageId: 'deployment-finished', deploymentId: one.id }]);
    expect(site.statuses[0]?.text).toContain('1 of 1 devices comply');
    const [item] = one.items as [PolicyItem];
    const revised = { ...one, version: 2, items: [{ ...item, revision: 2, version: 'REVISION-2' }] };
    await site.deploy(revised);
    // A late event of the first version changes nothing.
    await site.announce(one);
    await mdm.until(
      'it is revised',
      () => mdm.devices.get('MAC-1')?.profiles.get(item.identifier) === 'REVISION-2',
    );
    await compliant('MAC-1', one);
    await site.deploy({ ...revised, version: 3, enabled: false });
    await site.until('it is disabled', () => site.message('MAC-1', one.id, 300)?.stateId === UNKNOWN);
    expect(mdm.devices.get('MAC-1')?.profiles.size).toBe(1);
    expect(commandsOf('MAC-1')).toEqual(['InstallProfile', 'InstallProfile']);
  });

  it('tells what cannot be handed over, and tries again later', async () => {
    const { rooms } = await replica();
    const one = deployment([profile()]);
    site.unknownContent = true;
    await mdm.enroll('MAC-1');
    await site.members({ 'MAC-1': true });
    await site.deploy(one);
    await site.until('it has failed', () => site.message('MAC-1', one.id, 301)?.stateId === FAILED);
    expect(site.message('MAC-1', one.id, 301)).toMatchObject({ errorCode: 'ESP_NOT_FOUND' });
    site.unknownContent = false;
    clock.advance(6 * MINUTE);
    rooms.nudge();
    await compliant('MAC-1', one);
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

  it('explains what it thinks, and looks anew when asked', async () => {
    const { messaging } = await replica();
    const one = deployment([profile()], { deadlineAt: Date.now() + HOUR });
    await mdm.enroll('MAC-1');
    await site.members({ 'MAC-1': true });
    await site.deploy(one);
    await site.until('it is told of', () => site.states.size > 0);
    const ask = (enrollmentId: string) =>
      site.messaging.call(explainPolicy, { enrollmentId, deploymentId: one.id });
    expect(await ask('NOBODY')).toMatchObject({ known: false, decisions: [] });
    expect(await ask('MAC-1')).toMatchObject({
      known: true,
      inScope: [{ deploymentId: one.id }],
      decisions: [{ deploymentId: one.id, state: 'waiting', rule: 'deadline', nextAt: one.deadlineAt }],
    });
    expect(messaging.ready()).toBe(true);
    const evaluated = await site.messaging.call(evaluatePolicy, {
      enrollmentIds: ['MAC-1', 'NOBODY'],
      requestedBy: 'spec',
    });
    expect(evaluated).toEqual({ scheduled: 1 });
    await untilStored(
      'the device has answered',
      async () => (await db.query('SELECT enrollment_id FROM {profile_report}')).length > 0,
    );
  });
});
