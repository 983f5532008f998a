import { randomUUID } from 'node:crypto';
import { evaluatePolicy, explainPolicy, type PolicyItem } from '@espalier/contracts';
import { describeOnEachDatabase } from '@espalier/testing';
import { mdmPolicyMigrations } from './migrations/index.js';
import { untilStored } from './spec/bus.fixture.js';
import {
  COMPLIANT,
  CONFLICT,
  deployment,
  DONE,
  ERROR,
  EVALUATED,
  FAILED,
  HOUR,
  MINUTE,
  NON_COMPLIANT,
  NOT_MET,
  profile,
  ServiceHarness,
  STARTED,
  UNKNOWN,
  WAITS_FOR_WINDOW,
} from './spec/service.fixture.js';

/** What is deployed is brought to devices, proved, and told; the whole service, and stand-ins for its neighbours. */
describeOnEachDatabase('mdm-policy', { migrations: mdmPolicyMigrations }, (open, dialect) => {
  // Babelfish stands in for SQL Server where specs run on it, and its locking hints have no effect.
  if (dialect === 'mssql') return;
  let service: ServiceHarness;
  let { db, clock, mdm, site, replica, compliant, commandsOf } = {} as ServiceHarness;
  beforeEach(async () => {
    service = await ServiceHarness.start(await open());
    ({ db, clock, mdm, site, replica, compliant, commandsOf } = service);
  });
  afterEach(() => service.stop());

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

  it('learns what devices report of themselves, remembers no report, and undoes nothing by a repeated one', async () => {
    await replica();
    await mdm.enroll('MAC-1');
    const knows = (timeZone: string): Promise<void> =>
      untilStored(`it is in ${timeZone}`, async () => {
        const rows = await db.query('SELECT id FROM {enrollment} WHERE time_zone = :timeZone', { timeZone });
        return rows.length === 1;
      });
    const now = clock.now().getTime();
    await mdm.reportFacts('MAC-1', now, 'Asia/Tokyo');
    await knows('Asia/Tokyo');
    await mdm.reportFacts('MAC-1', now + 1, 'Europe/Berlin');
    await knows('Europe/Berlin');
    // As after a crash before the acknowledgement: the same once more, and another one to wait for.
    await mdm.reportFacts('MAC-1', now, 'Asia/Tokyo');
    await mdm.reportFacts('MAC-1', now + 1, 'Europe/Berlin');
    await mdm.enroll('MAC-2');
    await mdm.reportFacts('MAC-2', now, 'America/Lima');
    await knows('America/Lima');
    await knows('Europe/Berlin');
    expect(await db.query(`SELECT message_id FROM {inbox} WHERE durable = 'inventory'`)).toEqual([]);
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
