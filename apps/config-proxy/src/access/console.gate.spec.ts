import { administratorErrors, configProxyErrors, signInErrors } from '@espalier/contracts';
import type { EndpointReach } from '@espalier/nest-kit';
import { z } from 'zod';
import { Rights } from '../roles/rights.js';
import { AccessService } from './access.service.js';
import type { Authenticator, SignedIn } from './authenticator.js';
import { callerOf, type Caller } from './caller.js';
import { ConsoleGate } from './console.gate.js';
import { FailureLimiter } from './failure-limiter.js';
import { specAdministrator, specCredential } from './open-gate.fixture.js';

const GOOD = `esp_${'a'.repeat(43)}`;
const anna: SignedIn = {
  method: 'kerberos',
  identity: 'kerberos:anna@CORP',
  name: 'anna',
  expiresAt: null,
  responseHeaders: { 'x-mutual': 'yes' },
};

/** A gate whose tokens and administrators are in memory: how it decides, not how they are kept. */
class GateHarness {
  time = 0;
  readonly order: string[] = [];
  readonly gate: ConsoleGate;

  constructor(kerberos: () => Promise<SignedIn | undefined>) {
    const now = (): Date => new Date(this.time);
    const authenticator = (
      scheme: string,
      authenticate: Authenticator['authenticate'],
      challenge?: string,
    ): Authenticator => ({
      scheme,
      authenticate: (request) => {
        this.order.push(scheme);
        return authenticate(request);
      },
      ...(challenge !== undefined && { challenge }),
    });
    this.gate = new ConsoleGate({
      access: new AccessService({
        now,
        verifier: {
          verify: (secret) => {
            if (secret === GOOD) return Promise.resolve(specCredential.token as never);
            return Promise.reject(configProxyErrors.ESP_AUTH_TOKEN_INVALID());
          },
          verifyHash: () => Promise.reject(new Error('unasked')),
        },
        directory: {
          enabled: () => Promise.resolve(specAdministrator),
          ofIdentity: (identity) => {
            if (identity === 'kerberos:disabled@CORP')
              return Promise.reject(administratorErrors.ESP_AUTH_ADMINISTRATOR_DISABLED());
            return Promise.resolve(identity === anna.identity ? specAdministrator : undefined);
          },
        },
      }),
      visibility: {} as never,
      lastUsed: { touch: () => undefined },
      limiter: new FailureLimiter({ now, burst: 3, perSecond: 1 }),
      authenticators: [
        authenticator('certificate', () => Promise.resolve(undefined)),
        authenticator('Negotiate', kerberos, 'Negotiate'),
      ],
    });
  }

  async ask(authorization?: string, ip = '10.0.0.1') {
    const headers: Record<string, unknown> = {};
    const reply = {
      header: (name: string, value: unknown) => Object.assign(headers, { [name]: value }),
      headers: (all: object) => Object.assign(headers, all),
    };
    const request = { headers: { ...(authorization !== undefined && { authorization }) }, ip, params: {} };
    const refusal = await this.gate
      .admit(request as never, reply as never, {
        method: 'GET',
        path: '/',
        summary: '',
        scope: 'devices:read',
      })
      .then(() => undefined)
      .catch((error: { code: string; detail?: string }) => error);
    return { code: refusal?.code, detail: refusal?.detail, headers, caller: callerOf(request as never) };
  }
}

describe('the gate', () => {
  const nobody = (): Promise<undefined> => Promise.resolve(undefined);

  it('takes an API token without asking anybody else, good or bad', async () => {
    const harness = new GateHarness(() => Promise.resolve(anna));
    expect((await harness.ask(`Bearer ${GOOD}`)).caller?.credentialId).toBe('spec');
    expect((await harness.ask(`Bearer esp_${'b'.repeat(43)}`)).code).toBe('ESP_AUTH_TOKEN_INVALID');
    expect(harness.order).toEqual([]);
  });

  it('asks the others in their order, and names who signed in the same whatever they used', async () => {
    const harness = new GateHarness(() => Promise.resolve(anna));
    const { caller, headers } = await harness.ask('Negotiate YII=');
    expect(harness.order).toEqual(['certificate', 'Negotiate']);
    expect(headers).toEqual({ 'x-mutual': 'yes' });
    expect(caller as Caller).toMatchObject({
      method: 'kerberos',
      credentialId: `kerberos:${specAdministrator.id}`,
      title: 'site (kerberos)',
      actor: { type: 'service', id: specAdministrator.id, name: 'site', ip: '10.0.0.1', auth: 'kerberos' },
      madeBy: undefined,
    });
  });

  it('challenges with every scheme that there is', async () => {
    const harness = new GateHarness(nobody);
    const missing = await harness.ask();
    expect(missing.code).toBe('ESP_AUTH_TOKEN_MISSING');
    expect(missing.headers['www-authenticate']).toEqual(['Bearer realm="espalier"', 'Negotiate']);
    const wrong = await harness.ask('Bearer eyJ.x.y');
    expect(wrong.code).toBe('ESP_AUTH_TOKEN_INVALID');
    expect(wrong.headers['www-authenticate']).toEqual([
      'Bearer realm="espalier", error="invalid_token"',
      'Negotiate',
    ]);
  });

  it('slows an address where sign-ins fail, whatever the scheme', async () => {
    const harness = new GateHarness(() => Promise.reject(signInErrors.ESP_SIGN_IN_NTLM()));
    const codes = [];
    for (let n = 0; n < 5; n += 1) codes.push((await harness.ask('NTLM x')).code);
    expect(codes.slice(0, 3)).toEqual(Array(3).fill('ESP_SIGN_IN_NTLM'));
    expect(codes.slice(3)).toEqual(Array(2).fill('ESP_AUTH_TOO_MANY_FAILURES'));
    expect((await harness.ask('NTLM x', '10.0.0.2')).code).toBe('ESP_SIGN_IN_NTLM');
    expect((await harness.ask(`Bearer ${GOOD}`)).code).toBeUndefined();
  });

  it('slows an account that is none, or disabled, from wherever it comes', async () => {
    for (const [identity, code] of [
      ['kerberos:eve@CORP', 'ESP_AUTH_NOT_AN_ADMINISTRATOR'],
      ['kerberos:disabled@CORP', 'ESP_AUTH_ADMINISTRATOR_DISABLED'],
    ] as const) {
      const harness = new GateHarness(() => Promise.resolve({ ...anna, identity }));
      const codes = [];
      for (let n = 0; n < 4; n += 1) codes.push((await harness.ask('Negotiate YII=', `10.0.0.${n}`)).code);
      expect(codes).toEqual([code, code, code, 'ESP_AUTH_TOO_MANY_FAILURES']);
      harness.time += 2_000;
      expect((await harness.ask('Negotiate YII=', '10.0.0.9')).code).toBe(code);
    }
    const harness = new GateHarness(() => Promise.resolve({ ...anna, identity: 'kerberos:eve@CORP' }));
    expect((await harness.ask('Negotiate YII=')).detail).toBe('kerberos:eve@CORP');
  });

  it('lets nobody who is limited into what does not say how it keeps to reach', async () => {
    const { checkReach } = await import('./reach.guard.js');
    const params = z.object({ id: z.string() });
    const check = (reach?: EndpointReach, read: z.ZodObject = params) =>
      checkReach(
        { params: read, ...(reach !== undefined && { reach }) },
        { id: 'TST00001' },
        {
          reach: ['TST00001'],
          origin: {},
          visibility: { requireCollections: () => Promise.resolve() } as never,
        },
      )
        .then(() => 'in')
        .catch((error: { code: string }) => error.code);
    expect(await check()).toBe('ESP_AUTH_NOT_FOR_LIMITED');
    expect(await check('site')).toBe('ESP_AUTH_NOT_FOR_LIMITED');
    expect(await check('self')).toBe('in');
    expect(await check({ collection: 'id' })).toBe('in');
    // A parameter that is not there, or cannot be read, is in nobody's reach.
    expect(await check({ collection: 'other' })).toBe('ESP_COLLECTION_UNKNOWN');
    expect(await check({ collection: 'id' }, z.object({ id: z.uuid() }))).toBe('ESP_COLLECTION_UNKNOWN');
  });

  it('costs at most 50 µs of CPU with what was looked up a moment ago', async () => {
    const harness = new GateHarness(nobody);
    const checks = 20_000;
    const ask = () => harness.ask(`Bearer ${GOOD}`);
    for (let n = 0; n < checks / 4; n += 1) await ask();
    const before = process.threadCpuUsage();
    for (let n = 0; n < checks; n += 1) await ask();
    const { user, system } = process.threadCpuUsage(before);
    expect((user + system) / checks).toBeLessThan(50);
  });
});

describe('rights', () => {
  it('are the union of roles, each where it holds; a token has a part of them', () => {
    const rights = Rights.of([
      { roleId: 'helpdesk', collectionIds: ['A'] },
      { roleId: 'remote-tools-operator', collectionIds: ['B'] },
      { roleId: 'auditor', collectionIds: null },
    ]);
    expect(rights.reach('commands:write')).toEqual(['A', 'B']);
    expect(rights.reach('devices:write')).toEqual(['A']);
    expect(rights.reach('devices:read')).toBe('site');
    expect(rights.reach('commands:destructive')).toEqual([]);
    expect(rights.limits.toSorted()).toEqual(['A', 'B']);
    expect(rights.lacking(['audit:read', 'devices:write', 'library:write'])).toEqual([
      'devices:write',
      'library:write',
    ]);
    const token = rights.within(['devices:write', 'library:write']);
    expect([...token.scopes]).toEqual(['devices:write']);
    expect([rights.isLimited, token.isLimited, token.anywhere]).toEqual([false, true, ['A']]);
  });
});
