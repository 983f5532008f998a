import {
  DAY,
  deploymentOf,
  device,
  HOUR,
  item,
  MAC,
  MINUTE,
  only,
  PerfectDevice,
  T0,
  versionOf,
  windowOf,
} from './planner.fixture.js';
import { plan } from './planner.js';

describe('a conflict', () => {
  const [red, blue] = [item('org.example.wifi'), item('org.example.wifi')];

  it('is won by priority, then by age, then by id; the loser is told who won', () => {
    const high = deploymentOf([red], { priority: 2, createdAt: T0 - 2 * DAY });
    const newer = deploymentOf([blue], { priority: 1, createdAt: T0 - DAY });
    const rules = (a: typeof high, b: typeof high): object[] =>
      plan(device().input([a, b])).decisions.map(({ deploymentId, state, rule, winnerDeploymentId }) => ({
        deploymentId,
        state,
        rule: state === 'lost' ? rule : undefined,
        winnerDeploymentId,
      }));
    expect(rules(high, newer)).toContainEqual({
      deploymentId: newer.id,
      state: 'lost',
      rule: 'priority',
      winnerDeploymentId: high.id,
    });
    const older = { ...high, priority: 1 };
    expect(rules(older, newer)).toContainEqual({
      deploymentId: older.id,
      state: 'lost',
      rule: 'newest',
      winnerDeploymentId: newer.id,
    });
    const twin = { ...newer, id: '00000000-0000-4000-8000-000000000000', items: [red] };
    expect(rules(twin, newer)).toContainEqual({
      deploymentId: newer.id,
      state: 'lost',
      rule: 'id',
      winnerDeploymentId: twin.id,
    });
  });

  it('is none between deployments that want the same: both reach it, and it goes with the last of them', () => {
    const mac = device();
    const [one, two] = [deploymentOf([red]), deploymentOf([red], { priority: 2 })];
    mac.settle([one, two]);
    expect(mac.round([one, two]).decisions.map((decision) => decision.state)).toEqual([
      'verified',
      'verified',
    ]);
    mac.settle([one]);
    expect(mac.profiles.size).toBe(1);
    mac.settle([]);
    expect(mac.profiles.size).toBe(0);
    expect(mac.log.map((entry) => entry.type)).toEqual(['install', 'remove']);
  });

  it('passes to the loser when the winner leaves, without a removal in between', () => {
    const mac = device();
    const [winner, loser] = [deploymentOf([red], { priority: 2 }), deploymentOf([blue])];
    mac.settle([winner, loser]);
    mac.settle([loser]);
    expect(mac.profiles.get('org.example.wifi')?.uuid).toBe(blue.version);
    expect(mac.log.map((entry) => entry.type)).toEqual(['install', 'install']);
  });
});

describe('time', () => {
  it('is the wall clock of the device where the deployment says so', () => {
    const nine = Date.UTC(2026, 10, 23, 9);
    const deployment = deploymentOf([item('a')], { startAt: nine, localTime: true });
    const planned = plan(device().input([deployment]));
    expect(only(planned)).toMatchObject({ state: 'waiting', rule: 'start', nextAt: nine - HOUR });
    expect(planned.nextAt).toBe(nine - HOUR);
  });

  it('is UTC where the device does not tell its zone, as Macs may not, and that is said', () => {
    const mac = new PerfectDevice(versionOf, { ...MAC, timeZone: null });
    const local = { localTime: true, deadlineAt: T0 + HOUR };
    expect(only(mac.round([deploymentOf([item('a')], local)]))).toMatchObject({
      rule: 'deadline',
      nextAt: T0 + HOUR,
      reason: expect.stringContaining('taken to be UTC') as string,
    });
    const windows = [windowOf({ localTime: true })];
    expect(only(mac.round([deploymentOf([item('a')])], windows))).toMatchObject({
      rule: 'window',
      reason: expect.stringContaining('taken to be UTC') as string,
    });
    const berlin = only(device().round([deploymentOf([item('a')], local)]));
    expect(berlin.reason).not.toContain('UTC');
  });

  it('waits for the deadline, and for nothing where there is none', () => {
    const deployment = deploymentOf([item('a')], { deadlineAt: T0 + HOUR });
    expect(only(plan(device().input([deployment])))).toMatchObject({
      state: 'waiting',
      rule: 'deadline',
      nextAt: T0 + HOUR,
    });
    expect(only(plan(device().input([{ ...deployment, deadlineAt: null }])))).toMatchObject({
      state: 'planned',
    });
  });

  it('waits for a window even after the deadline, unless that is overridden', () => {
    const late = deploymentOf([item('a')], { deadlineAt: T0 - HOUR });
    const night = windowOf();
    expect(only(plan(device().input([late], [night])))).toMatchObject({
      state: 'waiting',
      rule: 'window',
      nextAt: T0 + 2 * HOUR,
    });
    expect(only(plan(device().input([{ ...late, overrideWindows: true }], [night]))).state).toBe('planned');
    const mac = device();
    mac.now = T0 + 2 * HOUR + 30 * MINUTE;
    expect(only(mac.round([late], [night])).state).toBe('planned');
  });
});

describe('what is there', () => {
  it('is not installed again, and not taken off by us who did not install it', () => {
    const mac = device();
    const one = item('a');
    mac.profiles.set('a', {
      identifier: 'a',
      uuid: one.version.toLowerCase(),
      managed: true,
      enrolls: false,
    });
    mac.report();
    expect(only(mac.round([deploymentOf([one])]))).toMatchObject({ state: 'verified' });
    mac.settle([]);
    expect(mac.log).toEqual([]);
  });

  it('stays where its deployment is disabled, or only available now', () => {
    const mac = device();
    const deployment = deploymentOf([item('a')]);
    mac.settle([deployment]);
    expect(only(mac.round([{ ...deployment, enabled: false }])).state).toBe('disabled');
    expect(only(mac.round([{ ...deployment, intent: 'available' }]))).toMatchObject({ state: 'verified' });
    expect(mac.profiles.size).toBe(1);
  });

  it('stays for an available deployment that comes after the required one, and goes with it', () => {
    const mac = device();
    const [required, available] = [
      deploymentOf([item('a')]),
      deploymentOf([item('a')], { intent: 'available' }),
    ];
    mac.settle([required]);
    mac.settle([available]);
    expect(mac.profiles.size).toBe(1);
    expect(mac.items[0]?.deploymentId).toBe(available.id);
    mac.settle([]);
    expect(mac.profiles.size).toBe(0);
  });

  it('is removed by an uninstall, once it is known to be there, and not where a user installed it by hand', () => {
    const mac = device();
    mac.profiles.set('a', { identifier: 'a', uuid: 'X', managed: true, enrolls: false });
    mac.profiles.set('b', { identifier: 'b', uuid: 'X', managed: false, enrolls: false });
    const deployment = deploymentOf([item('a'), item('b'), item('c')], { action: 'uninstall' });
    mac.settle([deployment]);
    expect([...mac.profiles.keys()]).toEqual(['b']);
    const states = mac.round([deployment]).decisions.map(({ identifier, state }) => [identifier, state]);
    expect(Object.fromEntries(states)).toEqual({ a: 'verified', b: 'unsupported', c: 'verified' });
    expect(mac.log.map((entry) => entry.identifiers)).toEqual([['a']]);
  });

  it('is taken off again by a Mac, which does not say what MDM installed', () => {
    const mac = device();
    const deployment = deploymentOf([item('a')]);
    mac.settle([deployment]);
    for (const profile of mac.profiles.values())
      mac.profiles.set(profile.identifier, { ...profile, managed: null });
    mac.report();
    mac.settle([]);
    expect(mac.profiles.size).toBe(0);
  });

  it('is never the profile that enrols the device, whatever an admin deploys', () => {
    const mac = device();
    mac.profiles.set('mdm', { identifier: 'mdm', uuid: 'E', managed: true, enrolls: true });
    mac.report();
    for (const action of ['install', 'uninstall'] as const)
      expect(only(mac.round([deploymentOf([item('mdm')], { action })]))).toMatchObject({
        state: 'unsupported',
        rule: 'protected',
      });
    expect(mac.log).toEqual([]);
  });
});

describe('what cannot be done', () => {
  it.each([
    ['a script', item('s', { kind: 'script' }), MAC],
    ['another platform', item('s', { platforms: ['iphone'] }), MAC],
    ['a thing for users on the channel of a Mac', item('s', { scope: 'user' }), MAC],
    ['a thing for devices on the channel of a user', item('s'), { ...MAC, kind: 'user' as const }],
    ['an identifier too long for a declaration', item('s'.repeat(65), { kind: 'declaration' }), MAC],
  ])('is said of %s', (_what, one, enrollment) => {
    const planned = plan({ ...device().input([deploymentOf([one])]), enrollment });
    expect(only(planned)).toMatchObject({ state: 'unsupported', rule: 'requirements' });
    expect(planned.actions).toEqual([]);
  });

  it('waits while the device has not told what it is, and asks it', () => {
    const planned = plan({
      ...device().input([deploymentOf([item('a')])]),
      enrollment: { ...MAC, platform: null },
    });
    expect(only(planned)).toMatchObject({ state: 'waiting', rule: 'facts' });
    expect(planned.actions).toEqual([{ type: 'ask', kinds: ['device'] }]);
  });
});

describe('questions', () => {
  const deployment = deploymentOf([item('a')]);

  it('are asked when somebody wants to know, and by themselves after the set time', () => {
    const mac = device();
    mac.settle([deployment]);
    mac.questions = { ...mac.questions, wanted: true };
    const asked = plan(mac.input([deployment]));
    expect(asked.actions).toEqual([{ type: 'ask', kinds: ['profiles'] }]);
    expect(asked.questions.wanted).toBe(false);
    mac.questions = { ...mac.questions, wanted: false };
    const quiet = plan(mac.input([deployment]));
    expect(quiet.actions).toEqual([]);
    expect(((quiet.nextAt as number) - mac.now) / HOUR).toBeGreaterThan(5.3);
    expect(((quiet.nextAt as number) - mac.now) / HOUR).toBeLessThan(6.7);
    mac.now = quiet.nextAt as number;
    expect(plan(mac.input([deployment])).actions).toEqual([{ type: 'ask', kinds: ['profiles'] }]);
  });
});
