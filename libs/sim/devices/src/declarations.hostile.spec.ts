import { setTimeout as wait } from 'node:timers/promises';
import { recordEvents } from './testing/index.js';
import type { SimulatedDevice } from './index.js';
import {
  activation,
  DeclarationsBench,
  endpointOf,
  passcode,
  testConfiguration,
} from './declarations.fixture.js';

describe('declarative management at a server that is wrong or busy', () => {
  let on: DeclarationsBench;
  beforeAll(async () => {
    on = await DeclarationsBench.start();
  });
  afterEach(() => on.bench.reset());
  afterAll(() => on.bench.close());

  it.each([
    ['no JSON', 'tokens', 'SyncTokens'],
    [
      'a token that is too long',
      'tokens',
      JSON.stringify({
        SyncTokens: { DeclarationsToken: 'x'.repeat(257), Timestamp: '2026-11-21T12:00:00Z' },
      }),
    ],
    ['no JSON', 'declaration-items', '<html>'],
    [
      'missing arrays',
      'declaration-items',
      JSON.stringify({ Declarations: { Activations: [] }, DeclarationsToken: 'T' }),
    ],
    [
      'an identifier that is too long',
      'declaration-items',
      JSON.stringify({
        Declarations: {
          Activations: [{ Identifier: 'é'.repeat(33), ServerToken: '1' }],
          Assets: [],
          Configurations: [],
          Management: [],
        },
        DeclarationsToken: 'T',
      }),
    ],
    [
      'an identifier twice',
      'declaration-items',
      JSON.stringify({
        Declarations: {
          Activations: [],
          Assets: [],
          Configurations: [
            { Identifier: 'a', ServerToken: '1' },
            { Identifier: 'a', ServerToken: '2' },
          ],
          Management: [],
        },
        DeclarationsToken: 'T',
      }),
    ],
  ])(
    'changes nothing, says so and does not loop where the server answers with %s to %s',
    async (_what, endpoint, body) => {
      const [fleet, device] = await on.enroll();
      await on.sync(device, [activation(['passcode']), passcode]);
      const events = recordEvents(fleet);
      let asked = 0;
      on.server.interfere = (request) => {
        if (endpointOf(request) === undefined) return undefined;
        asked += 1;
        return endpointOf(request) === endpoint ? { status: 200, body } : undefined;
      };
      await on.sync(device, [activation(['passcode']), passcode, testConfiguration], {
        withTokens: endpoint !== 'tokens',
      });
      await device.connect();
      expect(asked).toBe(1);
      expect(events.filter(({ kind }) => kind === 'error')).toMatchObject([
        { code: 'ESP_SIM_DECLARATIONS_INVALID' },
      ]);
      expect(device.declarations.map(({ active }) => active)).toEqual([true, true]);
      expect(device.declarationJournal().at(-1)).toMatchObject({ what: 'failed' });
    },
  );

  it.each([
    ['no JSON', undefined, 'declaration is not JSON in UTF-8'],
    ['for another ServerToken', { ServerToken: 'old' }, /^ServerToken is old, advertised was/],
    ['for another Identifier', { Identifier: 'other' }, 'Identifier is other, advertised was passcode'],
    ['of another kind', { Type: 'com.apple.asset.data' }, /^Type com.apple.asset.data is of asset/],
    ['without a payload', { Payload: undefined }, /^Payload /],
  ])(
    'reports a declaration as invalid whose document is %s, and asks for it once',
    async (_what, changes, why) => {
      const [fleet, device] = await on.enroll();
      const events = recordEvents(fleet);
      let asked = 0;
      on.server.interfere = (request) => {
        if (endpointOf(request) !== 'declaration/configuration/passcode') return undefined;
        asked += 1;
        return { status: 200, body: changes === undefined ? '{' : changedDocument(device, changes) };
      };
      await on.sync(device, [activation(['passcode', 'test']), passcode, testConfiguration]);
      await on.sync(device, [activation(['passcode', 'test']), passcode, testConfiguration]);
      expect(asked).toBe(1);
      expect(on.statusOf(device, 'configuration/passcode')).toEqual([
        false,
        'invalid',
        'Error.InvalidPayload',
      ]);
      expect(on.statusOf(device, 'configuration/test')).toEqual([true, 'valid']);
      const refused = events.filter(({ kind }) => kind === 'declaration-refused');
      expect(refused).toMatchObject([{ identifier: 'passcode', codes: ['Error.InvalidPayload'] }]);
      expect(device.declarationJournal().find(({ what }) => what === 'rejected')).toMatchObject({
        endpoint: 'declaration/configuration/passcode',
        problem: typeof why === 'string' ? why : expect.stringMatching(why),
      });
    },
  );

  /** What the server would answer, with changes. */
  function changedDocument(
    { identity }: SimulatedDevice,
    changes: Readonly<Record<string, unknown>>,
  ): string {
    const { body } = on.server.channel.declarations.answer(identity.udid, {
      messageType: 'DeclarativeManagement',
      enrollment: { udid: identity.udid },
      endpoint: 'declaration/configuration/passcode',
    });
    return JSON.stringify({ ...(JSON.parse(String(body)) as object), ...changes });
  }

  it('leaves out what the server advertises and has no more (404)', async () => {
    const [, device] = await on.enroll();
    on.server.interfere = (request) =>
      endpointOf(request) === 'declaration/configuration/passcode' ? { status: 404 } : undefined;
    await on.sync(device, [activation(['test']), passcode, testConfiguration]);
    expect(device.declarations.map(({ declaration }) => declaration.identifier)).toEqual(['all', 'test']);
    expect(on.statusOf(device, 'configuration/passcode')).toBeUndefined();
  });

  it('takes what is advertised at last where the assignment changes in the middle', async () => {
    const [, device] = await on.enroll();
    const { udid } = device.identity;
    let changed = false;
    on.server.interfere = (request) => {
      if (endpointOf(request) === 'declaration/configuration/passcode' && !changed) {
        changed = true;
        on.server.channel.declarations.assign(udid, [activation(['test']), testConfiguration]);
        // The server serves what it has advertised.
        const { type: Type, identifier: Identifier, payload: Payload } = passcode;
        return { status: 200, body: JSON.stringify({ Type, Identifier, Payload, ServerToken: 'gone' }) };
      }
      return undefined;
    };
    await on.sync(device, [activation(['passcode']), passcode]);
    expect(device.declarations.map(({ declaration }) => declaration.identifier)).toEqual(['all', 'test']);
    expect(on.reportsOf(device).length).toBe(1);
  });

  it('gives up, loudly, where the token never settles', async () => {
    const [fleet, device] = await on.enroll();
    const events = recordEvents(fleet);
    let asked = 0;
    on.server.interfere = (request) => {
      if (endpointOf(request) !== 'tokens') return undefined;
      asked += 1;
      return {
        status: 200,
        body: JSON.stringify({
          SyncTokens: { DeclarationsToken: `T${asked}`, Timestamp: '2026-11-21T12:00:00Z' },
        }),
      };
    };
    await on.sync(device, [activation(['passcode']), passcode]);
    await device.connect();
    expect(asked).toBe(5);
    expect(on.reportsOf(device).length).toBe(1);
    expect(events.filter(({ kind }) => kind === 'error')).toMatchObject([
      { code: 'ESP_SIM_DECLARATIONS_UNSETTLED' },
    ]);
  });

  it('tries again with growing waits where the server is busy, and fetches nothing twice', async () => {
    const [fleet, device] = await on.enroll({ runRetry: { firstMs: 10, maxMs: 80 }, random: () => 0.999 });
    const events = recordEvents(fleet);
    let left = 4;
    on.server.interfere = (request) => {
      const endpoint = endpointOf(request);
      if (endpoint !== 'declaration/configuration/test' && endpoint !== 'status') return undefined;
      left -= 1;
      return left >= 0 ? { status: left % 2 === 0 ? 500 : 503 } : undefined;
    };
    const reported = fleet.events.next('status-reported');
    await on.sync(device, [activation(['passcode', 'test']), passcode, testConfiguration]);
    // Commands go on meanwhile.
    const command = on.server.channel.enqueue(device.identity.udid, { RequestType: 'ProfileList' });
    const done = fleet.events.next('result', ({ commandUuid }) => commandUuid === command);
    await device.connect();
    await done;
    await reported;
    const waits = events.flatMap((event) => (event.kind === 'retry' ? [event.waitMs] : []));
    expect(waits).toEqual([10, 20, 40, 80]);
    const endpoints = on.server.channel.declarations.endpoints(device.identity.udid);
    expect(endpoints.filter((endpoint) => endpoint === 'declaration/configuration/passcode').length).toBe(1);
    expect(on.statusOf(device, 'configuration/test')).toEqual([true, 'valid']);
  });

  it('never comes back sooner than Retry-After says', async () => {
    const [fleet, device] = await on.enroll({ runRetry: { firstMs: 1, maxMs: 1 } });
    on.server.interfere = (request) =>
      endpointOf(request) === undefined ? undefined : { status: 429, headers: { 'retry-after': '30' } };
    const retried = fleet.events.next('retry');
    await on.sync(device, [passcode], { withTokens: false });
    expect((await retried).waitMs).toBe(30_000);
    const before = on.server.requests.filter((request) => endpointOf(request) !== undefined).length;
    await device.connect();
    await wait(20);
    expect(on.server.requests.filter((request) => endpointOf(request) !== undefined).length).toBe(before);
  });
});
