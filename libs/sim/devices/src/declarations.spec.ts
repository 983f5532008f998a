import { controlFleet, readControlMessage } from './index.js';
import { recordEvents } from './testing/index.js';
import {
  activation,
  DeclarationsBench,
  endpointOf,
  passcode,
  testConfiguration,
} from './declarations.fixture.js';

describe('declarative management', () => {
  let on: DeclarationsBench;
  beforeAll(async () => {
    on = await DeclarationsBench.start();
  });
  afterEach(() => on.bench.reset());
  afterAll(() => on.bench.close());

  it('fetches what is new, settles, reports everything at first and later only what changed', async () => {
    const [fleet, device] = await on.enroll();
    const events = recordEvents(fleet);
    const first = [activation(['passcode']), passcode];
    expect(await on.sync(device, first, { withTokens: false })).toEqual([
      'tokens',
      'declaration-items',
      'declaration/activation/all',
      'declaration/configuration/passcode',
      'tokens',
      'status',
    ]);
    expect(on.reportsOf(device)[0]).toMatchObject({
      FullReport: true,
      StatusItems: { management: { 'client-capabilities': { 'supported-versions': ['1.0.0'] } } },
    });
    expect(on.statusOf(device, 'configuration/passcode')).toEqual([true, 'valid']);

    // The token of the command saves a round trip, and only what is new is fetched.
    expect(await on.sync(device, [...first, testConfiguration])).toEqual([
      'declaration-items',
      'declaration/configuration/test',
      'tokens',
      'status',
    ]);
    expect(on.reportsOf(device)[1]?.FullReport).toBeUndefined();
    expect(on.reportsOf(device)[1]?.StatusItems).toMatchObject({
      management: {
        declarations: {
          activations: [],
          configurations: [
            { identifier: 'test', active: false, reasons: [{ code: 'Info.NotReferencedByActivation' }] },
          ],
        },
      },
    });
    // Nothing is new: nothing is asked for, nothing reported.
    expect(await on.sync(device, [...first, testConfiguration])).toEqual([]);
    expect(await on.sync(device, [])).toEqual(['declaration-items', 'tokens', 'status']);
    const kinds = (kind: string) =>
      events.filter((event) => event.kind === kind).map((event) => 'identifier' in event && event.identifier);
    expect(kinds('declaration-applied')).toEqual(['all', 'passcode']);
    expect(new Set(kinds('declaration-removed'))).toEqual(new Set(['all', 'passcode', 'test']));
    expect(device.declarations).toEqual([]);
    expect(on.server.complaints).toEqual([]);
  });

  it.each([
    ['drop', undefined, ['declaration-items', 'declaration/configuration/passcode', 'tokens', 'status']],
    [
      'deactivate',
      [false, 'valid', 'Error.ConfigurationCannotBeApplied'],
      ['declaration-items', 'tokens', 'status'],
    ],
  ] as const)(
    'has a declaration again that a fault took (%s) once the server has another token, and not before',
    async (how, spoilt, asked) => {
      const [fleet, device] = await on.enroll();
      const { serial } = device.identity;
      await on.sync(device, [activation(['passcode']), passcode]);
      const spoil = { do: `${how}-declaration`, serial, identifier: 'passcode' };
      expect(await controlFleet(fleet, readControlMessage(spoil))).toEqual({ serial, done: true });
      expect(await controlFleet(fleet, readControlMessage({ ...spoil, identifier: 'no' }))).toEqual({
        serial,
        done: false,
      });
      await device.connect();
      const report = on.reportsOf(device).at(-1);
      expect(report?.FullReport).toBe(true);
      const told = report?.StatusItems.management.declarations.configurations.map((one) => [
        one.active,
        one.valid,
        ...(one.reasons ?? []).map(({ code }) => code),
      ]);
      expect(told).toEqual(spoilt === undefined ? [] : [spoilt]);
      expect(await on.sync(device, [activation(['passcode']), passcode])).toEqual([]);
      // The same declarations by another token.
      expect(await on.sync(device, [passcode, activation(['passcode'])])).toEqual(asked);
      expect(on.statusOf(device, 'configuration/passcode')).toEqual([true, 'valid']);
      expect(on.server.complaints).toEqual([]);
    },
  );

  it('switches a declaration off whenever it is active, where a fault resists it', async () => {
    const [fleet, device] = await on.enroll({ faults: { resistDeclarations: ['pass*'] } });
    for (const set of [
      [activation(['passcode']), passcode],
      [passcode, activation(['passcode'])],
    ]) {
      await on.sync(device, set);
      await device.connect();
      expect(on.statusOf(device, 'configuration/passcode')?.[0]).toBe(false);
    }
    fleet.faults.set({ resistDeclarations: [] });
    await on.sync(device, [activation(['passcode']), passcode]);
    expect(on.statusOf(device, 'configuration/passcode')).toEqual([true, 'valid']);
  });

  it('judges each declaration as a device does', async () => {
    const [, device] = await on.enroll();
    await on.sync(device, [
      activation(['passcode', 'unknown', 'incomplete', 'no-asset', 'with-asset', 'old'], {
        Predicate: 'TRUEPREDICATE',
      }),
      {
        ...activation(['test']),
        identifier: 'conditional',
        payload: { StandardConfigurations: ['test'], Predicate: '@status(device.model.family) == "Mac"' },
      },
      { ...activation(['absent', 'passcode']), identifier: 'dangling' },
      passcode,
      testConfiguration,
      { type: 'com.apple.configuration.made-up', identifier: 'unknown', payload: {} },
      {
        type: 'com.apple.configuration.watch.enrollment',
        identifier: 'old',
        payload: { EnrollmentProfileURL: 'x' },
      },
      { ...testConfiguration, identifier: 'incomplete', payload: {} },
      { ...testConfiguration, identifier: 'no-asset', payload: { Echo: '', EchoDataAssetReference: 'none' } },
      {
        ...testConfiguration,
        identifier: 'with-asset',
        payload: { Echo: '', EchoDataAssetReference: 'data' },
      },
      { type: 'com.apple.asset.data', identifier: 'data', payload: { Reference: {} } },
      { type: 'com.apple.asset.data', identifier: 'unused', payload: { Reference: {} } },
      { type: 'com.apple.management.properties', identifier: 'properties', payload: { a: 1 } },
    ]);
    const keys = ['activation/all', 'activation/conditional', 'activation/dangling'];
    expect(keys.map((key) => on.statusOf(device, key))).toEqual([
      [true, 'valid'],
      [false, 'valid', 'Error.UnableToEvaluatePredicate'],
      [false, 'valid', 'Error.MissingConfigurations'],
    ]);
    const configurations = ['passcode', 'test', 'unknown', 'old', 'incomplete', 'no-asset', 'with-asset'];
    expect(configurations.map((name) => on.statusOf(device, `configuration/${name}`))).toEqual([
      [true, 'valid'],
      [false, 'unknown', 'Error.ActivationFailed'],
      [false, 'invalid', 'Error.UnknownDeclarationType'],
      [false, 'invalid', 'Error.ConfigurationNotSupported'],
      [false, 'invalid', 'Error.ConfigurationCannotBeDeserialized'],
      [false, 'invalid', 'Error.MissingAssets'],
      [true, 'valid'],
    ]);
    expect([on.statusOf(device, 'asset/data'), on.statusOf(device, 'asset/unused')]).toEqual([
      [true, 'valid'],
      [false, 'unknown', 'Info.NotReferencedByConfiguration'],
    ]);
    expect(on.statusOf(device, 'management/properties')).toEqual([false, 'valid']);
  });

  it('does not know a type that is newer than its OS, and knows it after an update', async () => {
    const [fleet, device] = await on.enroll();
    device.updateOs({ version: '14.8.1', build: '23J30' });
    const settings = {
      type: 'com.apple.configuration.softwareupdate.settings',
      identifier: 'updates',
      payload: {},
    };
    await on.sync(device, [activation(['updates']), settings]);
    expect(on.statusOf(device, 'configuration/updates')).toEqual([
      false,
      'invalid',
      'Error.UnknownDeclarationType',
    ]);
    const reported = fleet.events.next('status-reported');
    device.updateOs({ version: '26.1', build: '25B78' });
    await reported;
    expect(on.statusOf(device, 'configuration/updates')).toEqual([true, 'valid']);
  });

  it('tells the status items that a subscription asks for, and what it does not have as an error', async () => {
    const [fleet, device] = await on.enroll();
    const items = ['device.operating-system.version', 'passcode.is-present'].map((Name) => ({ Name }));
    const type = 'com.apple.configuration.management.status-subscriptions';
    await on.sync(device, [activation(['s']), { type, identifier: 's', payload: { StatusItems: items } }]);
    expect(on.reportsOf(device)[0]).toMatchObject({
      StatusItems: { device: { 'operating-system': { version: '26.1' } } },
      Errors: [{ StatusItem: 'passcode.is-present' }],
    });
    const reported = fleet.events.next('status-reported');
    device.updateOs();
    expect((await reported).full).toBe(false);
    expect(on.reportsOf(device)[1]?.StatusItems).toMatchObject({
      device: { 'operating-system': { version: '26.2' } },
      management: { declarations: { configurations: [] } },
    });
  });

  it('reports everything again a day after the last full report, by its clock', async () => {
    let now = Date.parse('2026-11-21T12:00:00Z');
    const [, device] = await on.enroll({ now: () => new Date(now) });
    await on.sync(device, [activation(['passcode']), passcode]);
    now += 86_400_000 - 1;
    await device.connect();
    expect(on.reportsOf(device).length).toBe(1);
    now += 1;
    await device.connect();
    expect(on.reportsOf(device).map(({ FullReport }) => FullReport)).toEqual([true, true]);
  });

  it('goes on after a restart: with a synchronisation that was under way, and with what it has', async () => {
    const stateFolder = on.bench.newFolder();
    const [fleet, device] = await on.enroll({ stateFolder });
    on.server.interfere = (request) => (endpointOf(request) === 'status' ? { cut: 'before' } : undefined);
    const retried = fleet.events.next('retry');
    await on.sync(device, [activation(['passcode']), passcode]);
    await retried;
    await on.bench.closeFleet(fleet);
    on.server.interfere = undefined;
    const { udid } = device.identity;
    const before = on.server.channel.declarations.endpoints(udid).length;
    const later = await on.bench.fleet({ stateFolder });
    const reported = later.events.next('status-reported');
    await later.resume();
    expect(await reported).toMatchObject({ full: true, declarations: 2 });
    expect(on.server.channel.declarations.endpoints(udid).slice(before)).toEqual(['tokens', 'status']);
  });

  it('refuses a command whose tokens cannot be read, and forgets its declarations with the enrolment', async () => {
    const [, device] = await on.enroll();
    const { udid } = device.identity;
    await on.sync(device, [passcode]);
    const command = on.server.channel.enqueue(udid, {
      RequestType: 'DeclarativeManagement',
      Data: Buffer.from('{}'),
    });
    await device.connect();
    expect(on.server.channel.results.find(({ commandUuid }) => commandUuid === command)?.status).toBe(
      'CommandFormatError',
    );
    await device.checkOut();
    expect([device.declarations, device.state.declarative]).toEqual([[], undefined]);
    expect(device.declarationJournal().length).toBeGreaterThan(0);
  });
});
