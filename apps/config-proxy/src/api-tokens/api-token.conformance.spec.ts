import { randomBytes, randomUUID } from 'node:crypto';
import { allApiScopes, type ApiScope, type RoleAssignment } from '@espalier/contracts';
import { describeOnEachDatabase, expectMssqlDdl, expectMssqlStatements } from '@espalier/testing';
import { TimeRecorder, type Database } from '@espalier/persistence';
import { silentLogger } from '../config-proxy.fixture.js';
import { SITE_ADMINISTRATOR_ID } from '../administrators/administrator.rows.js';
import { createApiToken } from '../migrations/2026-11-21-create-api-token.js';
import { configProxyMigrations } from '../migrations/index.js';
import { Rights } from '../roles/rights.js';
import { ApiTokenService, type Issuer } from './api-token.service.js';
import { ApiTokenStore } from './api-token.store.js';
import { hashToken, TokenVerifier } from './token-verifier.js';

const DAY = 86_400_000;
const NOBODY = '0d5f6f0e-7a35-4d9c-8d0c-3f6f5a2f7b11';
const everything: RoleAssignment = { roleId: 'full-administrator', collectionIds: null };
const issuer = (id: string, ...assignments: RoleAssignment[]): Issuer => ({
  administrator: { id },
  rights: Rights.of(assignments),
  title: `the administrator ${id}`,
});
const admin = issuer(SITE_ADMINISTRATOR_ID, everything);

/** One suite for every database: what is stored of a token, and when it is good. */
describeOnEachDatabase('API tokens', { migrations: configProxyMigrations }, (open) => {
  let db: Database;
  let time: number;
  let store: ApiTokenStore;
  let verifier: TokenVerifier;
  let tokens: ApiTokenService;
  const now = (): Date => new Date(time);

  beforeEach(async () => {
    db = await open();
    time = Date.parse('2026-11-21T10:00:00Z');
    store = new ApiTokenStore(db);
    verifier = new TokenVerifier({ store, now });
    tokens = new ApiTokenService({
      store,
      verifier,
      administratorExists: (id) => Promise.resolve(id !== NOBODY),
      restMs: 86_400_000,
      logger: silentLogger,
      now,
      uuid: randomUUID,
      randomBytes,
    });
  });

  const make = (scopes: ApiScope[] = ['devices:read'], name = 'spec') =>
    tokens.create({ name, scopes, expiresInDays: 1 }, admin);

  it('are good from when they are made until they expire', async () => {
    const { token, secret } = await make(['devices:read', 'commands:write']);
    expect(secret).toMatch(/^esp_[A-Za-z0-9_-]{43}$/);
    expect(await verifier.verify(secret)).toMatchObject({
      id: token.id,
      scopes: ['devices:read', 'commands:write'],
    });
    time += DAY - 1;
    expect(await verifier.verify(secret)).toMatchObject({ id: token.id });
    // Also where the cache still holds it.
    time += 1;
    await expect(verifier.verify(secret)).rejects.toMatchObject({ code: 'ESP_AUTH_TOKEN_EXPIRED' });
  });

  it('are stored as hashes alone', async () => {
    const { secret } = await make();
    const rows = JSON.stringify(await db.query('SELECT * FROM {api_token}'));
    expect(rows).toContain(hashToken(secret));
    expect(rows).not.toContain(secret.slice(4));
    expect(JSON.stringify(await tokens.list(10, undefined, admin))).not.toContain(hashToken(secret));
  });

  it('end at once where they are revoked, and within the cache time elsewhere', async () => {
    const { token, secret } = await make();
    const elsewhere = new TokenVerifier({ store, now });
    await Promise.all([verifier.verify(secret), elsewhere.verify(secret)]);
    await tokens.revoke(token.id, admin);
    await tokens.revoke(token.id, admin);
    await expect(verifier.verify(secret)).rejects.toMatchObject({ code: 'ESP_AUTH_TOKEN_INVALID' });
    expect(await elsewhere.verify(secret)).toMatchObject({ id: token.id });
    time += 3_000;
    await expect(elsewhere.verify(secret)).rejects.toMatchObject({ code: 'ESP_AUTH_TOKEN_INVALID' });
    const { items } = await tokens.list(10, undefined, admin);
    expect(items[0]).toMatchObject({ id: token.id, revokedAt: time - 3_000 });
    await expect(tokens.revoke(randomUUID(), admin)).rejects.toMatchObject({ code: 'ESP_API_TOKEN_UNKNOWN' });
  });

  it('that were made up are refused, and never remembered', async () => {
    const madeUp = `esp_${randomBytes(32).toString('base64url')}`;
    await expect(verifier.verify(madeUp)).rejects.toMatchObject({ code: 'ESP_AUTH_TOKEN_INVALID' });
    await tokens.addBootstrapToken(madeUp, () => Promise.resolve());
    expect(await verifier.verify(madeUp)).toMatchObject({ name: 'bootstrap admin', scopes: allApiScopes });
    await expect(verifier.verify('esp_short')).rejects.toMatchObject({ code: 'ESP_AUTH_TOKEN_INVALID' });
  });

  it('give no scope that their maker lacks', async () => {
    const helpdesk = issuer('h', { roleId: 'helpdesk', collectionIds: null });
    const asked = { name: 'x', scopes: ['devices:read', 'commands:destructive'] as const, expiresInDays: 1 };
    await expect(tokens.create(asked, helpdesk)).rejects.toMatchObject({
      code: 'ESP_API_TOKEN_SCOPE_NOT_HELD',
      detail: 'Not held: commands:destructive.',
    });
    expect((await tokens.list(10, undefined, admin)).items).toEqual([]);
  });

  it('are for others only by who may change administrators everywhere, and then no more than the maker', async () => {
    const security = issuer('s', { roleId: 'security-administrator', collectionIds: null });
    const limited = issuer('l', { roleId: 'full-administrator', collectionIds: ['TST00001'] });
    const ask = (scope: ApiScope, administratorId: string, by: Issuer) =>
      tokens.create({ name: 'x', scopes: [scope], expiresInDays: 1, administratorId }, by);
    const helpdesk = issuer('h', { roleId: 'helpdesk', collectionIds: null });
    for (const by of [helpdesk, limited])
      await expect(ask('devices:read', 'other', by)).rejects.toMatchObject({
        code: 'ESP_AUTH_SCOPE_MISSING',
      });
    await expect(ask('commands:write', 'other', security)).rejects.toMatchObject({
      code: 'ESP_API_TOKEN_SCOPE_NOT_HELD',
    });
    await expect(ask('devices:read', NOBODY, security)).rejects.toMatchObject({
      code: 'ESP_ADMINISTRATOR_UNKNOWN',
    });
    // Held for a collection is not held for the whole site, where the other one may reach.
    const both = issuer(
      'b',
      { roleId: 'security-administrator', collectionIds: null },
      { roleId: 'remote-tools-operator', collectionIds: ['TST00001'] },
    );
    await expect(ask('commands:write', 'other', both)).rejects.toMatchObject({
      code: 'ESP_API_TOKEN_SCOPE_NOT_HELD',
    });
    expect((await ask('commands:write', 'b', both)).token.administratorId).toBe('b');
    const { secret } = await ask('devices:read', 'other', security);
    expect(await verifier.verify(secret)).toMatchObject({ administratorId: 'other', madeBy: 's' });
  });

  it('of others are neither seen nor revoked without administrators:admin', async () => {
    const helpdesk = issuer('h', { roleId: 'helpdesk', collectionIds: null });
    const { token: others } = await make();
    const { token: own } = await tokens.create(
      { name: 'x', scopes: ['devices:read'], expiresInDays: 1 },
      helpdesk,
    );
    expect((await tokens.list(10, undefined, helpdesk)).items.map(({ id }) => id)).toEqual([own.id]);
    expect((await tokens.list(10, undefined, admin)).items).toHaveLength(2);
    const unknown = await tokens.revoke(randomUUID(), helpdesk).catch((error: unknown) => error);
    const refused = await tokens.revoke(others.id, helpdesk).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'ESP_API_TOKEN_UNKNOWN', detail: others.id });
    expect(unknown).toMatchObject({ code: 'ESP_API_TOKEN_UNKNOWN' });
    await tokens.revoke(own.id, helpdesk);
    await tokens.revoke(others.id, admin);
  });

  it('of the bootstrap file are added once, and stay revoked', async () => {
    const secret = `esp_${randomBytes(32).toString('base64url')}`;
    const recorded: string[] = [];
    const record = (id: string): Promise<void> => Promise.resolve(void recorded.push(id));
    const away = (): Promise<void> => Promise.reject(new Error('nothing can be recorded'));
    await expect(tokens.addBootstrapToken(secret, away)).rejects.toThrow('nothing can be recorded');
    await expect(verifier.verify(secret)).rejects.toMatchObject({ code: 'ESP_AUTH_TOKEN_INVALID' });
    await Promise.all([tokens.addBootstrapToken(secret, record), tokens.addBootstrapToken(secret, record)]);
    const known = recorded.length;
    expect(known).toBeGreaterThan(0);
    const { items } = await tokens.list(10, undefined, admin);
    expect(items).toHaveLength(1);
    await tokens.revoke(items[0]?.id ?? '', admin);
    await db.execute("UPDATE {api_token} SET scopes = 'devices:read'");
    await tokens.addBootstrapToken(secret, record);
    expect(recorded).toHaveLength(known);
    // A site that is older than some scope keeps an administrator who may do everything.
    expect((await tokens.list(10, undefined, admin)).items[0]?.scopes).toEqual(allApiScopes);
    await expect(verifier.verify(secret)).rejects.toMatchObject({ code: 'ESP_AUTH_TOKEN_INVALID' });
  });

  it('page newest first', async () => {
    for (const name of ['one', 'two', 'three']) {
      await make(['devices:read'], name);
      time += 1;
    }
    const first = await tokens.list(2, undefined, admin);
    const second = await tokens.list(2, first.nextCursor, admin);
    expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(['three', 'two', 'one']);
    expect(second.nextCursor).toBeUndefined();
  });

  it('remember their last use in batches, never going back', async () => {
    const { token } = await make();
    const recorder = new TimeRecorder({
      what: 'uses',
      write: (times) => store.writeLastUsed(times),
      logger: silentLogger,
      now,
      flushMs: 30_000,
    });
    const lastUsed = async (): Promise<number | null | undefined> =>
      (await tokens.list(1, undefined, admin)).items[0]?.lastUsedAt;
    recorder.touch(token.id);
    expect(await lastUsed()).toBeNull();
    await recorder.flush();
    expect(await lastUsed()).toBe(time);
    await store.writeLastUsed(new Map([[token.id, time - 1_000]]));
    expect(await lastUsed()).toBe(time);
    await recorder.stop();
  });

  it('migrate back and forward', async () => {
    await make();
    await db.revert(configProxyMigrations.length);
    await db.migrate();
    expect(await db.pendingMigrations()).toEqual([]);
  });
});

describe('the look-up of API tokens', () => {
  it('is made once for many requests at once, and not at all for a moment after', async () => {
    let lookUps = 0;
    const token = {
      id: 'a',
      name: 'a',
      hash: 'h',
      administratorId: 'a',
      madeBy: null,
      scopes: [],
      createdAt: 0,
      createdBy: 'x',
      expiresAt: null,
      revokedAt: null,
      lastUsedAt: null,
    };
    const findByHash = async () => {
      lookUps += 1;
      await Promise.resolve();
      return token;
    };
    const verifier = new TokenVerifier({ store: { findByHash }, now: () => new Date(0) });
    const secret = `esp_${'a'.repeat(43)}`;
    await Promise.all(Array.from({ length: 50 }, () => verifier.verify(secret)));
    await verifier.verify(secret);
    expect(lookUps).toBe(1);
  });
});

describe('config-proxy on SQL Server', () => {
  it('makes the table that the golden file shows', async () => {
    await expectMssqlDdl([createApiToken], {
      spec: import.meta.url,
      file: 'api-token.mssql.sql',
      schema: 'config_proxy',
    });
  });

  it('sends the statements that the golden file shows', async () => {
    await expectMssqlStatements(
      async (on) => {
        const transaction = (work: (tx: typeof on) => Promise<unknown>) => work(on);
        const store = new ApiTokenStore({ ...on, transaction } as unknown as Database);
        await store.insert({
          id: 'id-1',
          name: 'spec',
          hash: 'hash',
          administratorId: SITE_ADMINISTRATOR_ID,
          madeBy: null,
          scopes: ['devices:read'],
          createdAt: 1,
          createdBy: 'spec',
          expiresAt: null,
        });
        await store.findByHash('hash');
        await store.list('a-1', 10, undefined);
        await store.revoke('id-1', undefined, 2, 'spec');
        await store.setScopes('hash', ['devices:read']);
        await store.writeLastUsed(new Map([['id-1', 3]]));
      },
      { spec: import.meta.url, file: 'api-token-statements.mssql.sql', schema: 'config_proxy' },
      [{ id: 'id-1', scopes: 'devices:read', administrator_id: SITE_ADMINISTRATOR_ID, created_at: 1 }],
    );
  });
});
