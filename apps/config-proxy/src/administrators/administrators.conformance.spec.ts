import { randomBytes, randomUUID } from 'node:crypto';
import { isEspalierError, type ApiScope, type RoleAssignment, type RoleId } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase, expectMssqlDdl, expectMssqlStatements } from '@espalier/testing';
import { AccessService } from '../access/access.service.js';
import { Caller } from '../access/caller.js';
import { ApiTokenService } from '../api-tokens/api-token.service.js';
import { ApiTokenStore } from '../api-tokens/api-token.store.js';
import { TokenVerifier } from '../api-tokens/token-verifier.js';
import { silentLogger } from '../config-proxy.fixture.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { createAdministrators } from '../migrations/2026-11-21-create-administrators.js';
import { configProxyMigrations } from '../migrations/index.js';
import { Rights } from '../roles/rights.js';
import { AdministratorDirectory } from './administrator.directory.js';
import { SITE_ADMINISTRATOR_ID } from './administrator.rows.js';
import { AdministratorService, type Governor } from './administrator.service.js';
import { AdministratorStore } from './administrator.store.js';

const site = (roleId: RoleId): RoleAssignment => ({ roleId, collectionIds: null });
const inCollection = (roleId: RoleId, ...collectionIds: string[]): RoleAssignment => ({
  roleId,
  collectionIds,
});
const governor = (...assignments: RoleAssignment[]): Governor => ({
  title: 'spec',
  credentialId: 'spec',
  rights: Rights.of(assignments),
});
const full = governor(site('full-administrator'));
const security = governor(site('security-administrator'));
const any = (): void => undefined;
const COLLECTION = 'TST00001';

/** One replica: its own caches on a shared database. */
function replica(db: Database, now: () => Date) {
  const store = new AdministratorStore();
  const tokenStore = new ApiTokenStore(db);
  const verifier = new TokenVerifier({ store: tokenStore, now });
  const directory = new AdministratorDirectory({ db, store, now });
  const shared = { logger: silentLogger, now, uuid: randomUUID };
  return {
    store,
    directory,
    access: new AccessService({ verifier, directory, now }),
    tokens: new ApiTokenService({
      ...shared,
      store: tokenStore,
      verifier,
      administratorExists: async (id) => (await store.known(db, id)) !== undefined,
      randomBytes,
      restMs: 86_400_000,
    }),
    administrators: new AdministratorService({
      ...shared,
      db,
      store,
      directory,
      idempotency: new IdempotencyService(db, now),
      collections: {
        names: (_on, ids) =>
          Promise.resolve(new Map(ids.filter((id) => id === COLLECTION).map((id) => [id, id]))),
      },
      forgetTokens: (tx, id) => tokenStore.deleteOf(tx, id),
    }),
  };
}

/** One suite for every database: who is an administrator, what they get, and what nobody gets. */
describeOnEachDatabase('administrators', { migrations: configProxyMigrations }, (open) => {
  let db: Database;
  let time: number;
  let here: ReturnType<typeof replica>;
  const now = (): Date => new Date(time);
  beforeEach(async () => {
    db = await open();
    time = Date.parse('2026-11-21T10:00:00Z');
    here = replica(db, now);
  });

  const make = async (name: string, ...assignments: RoleAssignment[]): Promise<string> => {
    const { id } = await here.administrators.create(
      { name, displayName: '', kind: 'person' },
      full,
      undefined,
    );
    if (assignments.length > 0) await here.administrators.assign({ id, by: full, check: any }, assignments);
    return id;
  };
  const edit = (id: string, by = full) => ({ id, by, check: any });
  const tokenOf = async (id: string, ...scopes: ApiScope[]): Promise<string> => {
    const by = { ...full, administrator: { id: SITE_ADMINISTRATOR_ID } };
    return (await here.tokens.create({ name: 'x', scopes, expiresInDays: 9, administratorId: id }, by))
      .secret;
  };
  const code = async (work: Promise<unknown>): Promise<string | undefined> => {
    try {
      await work;
      return undefined;
    } catch (error) {
      if (!isEspalierError(error)) throw error;
      return error.code;
    }
  };
  const disable = async (id: string, by = full) => {
    const { name, displayName } = await here.administrators.get(id);
    return here.administrators.update(edit(id, by), { name, displayName, isEnabled: false });
  };

  it('begin with one who may do everything, and to whom tokens of before belong', async () => {
    const { items } = await here.administrators.list({ limit: 10 });
    expect(items).toMatchObject([
      {
        id: SITE_ADMINISTRATOR_ID,
        isBuiltIn: true,
        kind: 'service',
        assignments: [site('full-administrator')],
      },
    ]);
  });

  it('keep roles, places and identities, with a version for each change', async () => {
    const id = await make('CORP\\Anna');
    await here.administrators.assign(edit(id), [
      inCollection('helpdesk', COLLECTION),
      site('read-only-analyst'),
    ]);
    const keys = ['kerberos:anna@CORP.EXAMPLE', 'oidc:https://id.example/#2f1c'];
    const after = await here.administrators.identify(edit(id), keys);
    expect(after).toMatchObject({
      version: 3,
      identities: keys,
      assignments: [inCollection('helpdesk', COLLECTION), site('read-only-analyst')],
    });
    expect(await here.directory.ofIdentity(keys[1] ?? '')).toMatchObject({ id, name: 'CORP\\Anna' });
    expect(await here.directory.ofIdentity('oidc:https://id.example/#2f1C')).toBeUndefined();
    const { items } = await here.administrators.list({ limit: 10, filter: "name eq 'corp\\anna'" });
    expect(items).toEqual([after]);
  });

  it('have names and identities of their own', async () => {
    const anna = await make('anna');
    const bert = await make('bert');
    expect(await code(make('ANNA'))).toBe('ESP_ADMINISTRATOR_NAME_TAKEN');
    const rename = { name: 'Bert', displayName: '', isEnabled: true };
    expect(await code(here.administrators.update(edit(anna), rename))).toBe('ESP_ADMINISTRATOR_NAME_TAKEN');
    await here.administrators.identify(edit(anna), ['kerberos:a@B']);
    expect(await code(here.administrators.identify(edit(bert), ['kerberos:b@B', 'kerberos:a@B']))).toBe(
      'ESP_ADMINISTRATOR_IDENTITY_TAKEN',
    );
    expect((await here.administrators.get(bert)).identities).toEqual([]);
  });

  it('are assigned to collections that exist', async () => {
    const anna = await make('anna');
    const assign = here.administrators.assign(edit(anna), [inCollection('helpdesk', COLLECTION, 'TST00009')]);
    await expect(assign).rejects.toMatchObject({
      code: 'ESP_ADMINISTRATOR_COLLECTION_UNKNOWN',
      detail: 'There is no TST00009.',
    });
  });

  it('stand in the way of the deletion of a collection that limits them', async () => {
    await make('anna', inCollection('helpdesk', COLLECTION));
    const blockers = (id: string) =>
      db.transaction((tx) => here.administrators.ofCollections.blockers?.(tx, id) ?? Promise.resolve([]));
    expect(await blockers(COLLECTION)).toEqual(['limits a role of the administrator "anna"']);
    expect(await blockers('TST00002')).toEqual([]);
  });

  it('may do no more than their roles, whatever their token says, and that at once when roles change', async () => {
    const anna = await make('anna', site('full-administrator'));
    const secret = await tokenOf(anna, 'devices:read', 'commands:destructive');
    expect([...(await here.access.byToken(secret)).rights.scopes]).toEqual([
      'devices:read',
      'commands:destructive',
    ]);
    await here.administrators.assign(edit(anna), [inCollection('helpdesk', COLLECTION)]);
    const { rights } = await here.access.byToken(secret);
    expect([...rights.scopes]).toEqual(['devices:read']);
    expect(rights.reach('devices:read')).toEqual([COLLECTION]);
  });

  it('lose all tokens when they are disabled: at once here, within 5 seconds on other replicas', async () => {
    const anna = await make('anna', site('helpdesk'));
    const secret = await tokenOf(anna, 'devices:read');
    const there = replica(db, now);
    await Promise.all([here.access.byToken(secret), there.access.byToken(secret)]);
    await disable(anna);
    expect(await code(here.access.byToken(secret))).toBe('ESP_AUTH_ADMINISTRATOR_DISABLED');
    time += 4_999;
    expect(await code(there.access.byToken(secret))).toBe('ESP_AUTH_ADMINISTRATOR_DISABLED');
    const { name, displayName } = await here.administrators.get(anna);
    await here.administrators.update(edit(anna), { name, displayName, isEnabled: true });
    expect(await code(here.access.byToken(secret))).toBeUndefined();
    await here.administrators.delete(edit(anna));
    expect(await code(here.access.byToken(secret))).toBe('ESP_AUTH_TOKEN_INVALID');
    expect(await db.query('SELECT * FROM {api_token}')).toEqual([]);
  });

  it('sign in as nobody with an identity that is nobody’s, or whose administrator is disabled', async () => {
    const anna = await make('anna', site('helpdesk'));
    await here.administrators.identify(edit(anna), ['kerberos:a@B']);
    const signIn = (identity: string) =>
      here.access.bySignIn({ method: 'kerberos', identity, name: 'a', expiresAt: null });
    expect((await signIn('kerberos:a@B')).administrator.id).toBe(anna);
    await expect(signIn('kerberos:A@B')).rejects.toMatchObject({
      code: 'ESP_AUTH_NOT_AN_ADMINISTRATOR',
      detail: 'kerberos:A@B',
    });
    await disable(anna);
    expect(await code(signIn('kerberos:a@B'))).toBe('ESP_AUTH_ADMINISTRATOR_DISABLED');
    await here.administrators.identify(edit(anna), []);
    expect(await code(signIn('kerberos:a@B'))).toBe('ESP_AUTH_NOT_AN_ADMINISTRATOR');
  });

  it('keep no stream open for whose identity was taken away, nor for long on a ticket of its beginning', async () => {
    const anna = await make('anna', site('auditor'));
    const listen = async (method: 'kerberos' | 'oidc', expiresAt: number | null) => {
      await here.administrators.identify(edit(anna), ['kerberos:a@B', 'oidc:https://id.example/#a']);
      const identity = method === 'oidc' ? 'oidc:https://id.example/#a' : 'kerberos:a@B';
      const caller = new Caller(
        await here.access.bySignIn({ method, identity, name: 'a', expiresAt }),
        '',
        undefined,
      );
      return () => code(here.access.checkAgain(caller, 'events:read'));
    };
    const HOUR = 3_600_000;
    const ticket = await listen('kerberos', null);
    expect(await ticket()).toBeUndefined();
    time += HOUR;
    expect(await ticket()).toBe('ESP_AUTH_TOKEN_EXPIRED');
    const token = await listen('oidc', time + 2 * HOUR);
    time += HOUR;
    expect(await token()).toBeUndefined();
    time += HOUR;
    expect(await token()).toBe('ESP_AUTH_TOKEN_EXPIRED');
    const [again, other] = [await listen('kerberos', null), await listen('oidc', time + HOUR)];
    await here.administrators.identify(edit(anna), ['oidc:https://id.example/#a']);
    expect([await again(), await other()]).toEqual(['ESP_AUTH_TOKEN_EXPIRED', undefined]);
    // Somebody else signs in with it now.
    const bert = await make('bert', site('auditor'));
    await here.administrators.identify(edit(anna), []);
    await here.administrators.identify(edit(bert), ['oidc:https://id.example/#a']);
    expect(await other()).toBe('ESP_AUTH_TOKEN_EXPIRED');
  });

  it('always leave somebody who may do everything, also when two are lowered at once', async () => {
    const last = 'ESP_ADMINISTRATOR_LAST';
    const ofSite = edit(SITE_ADMINISTRATOR_ID);
    expect(await code(disable(SITE_ADMINISTRATOR_ID))).toBe(last);
    expect(await code(here.administrators.assign(ofSite, [site('helpdesk')]))).toBe(last);
    expect(
      await code(here.administrators.assign(ofSite, [inCollection('full-administrator', COLLECTION)])),
    ).toBe(last);
    const anna = await make('anna', site('full-administrator'));
    const there = replica(db, now);
    const outcomes = await Promise.all([
      code(disable(SITE_ADMINISTRATOR_ID)),
      code(there.administrators.delete(edit(anna))),
    ]);
    expect(outcomes.filter((outcome) => outcome !== undefined)).toEqual([last]);
    expect(await here.store.countEnabled(db, 'full-administrator')).toBe(1);
    expect(await code(here.administrators.delete(ofSite))).toBe('ESP_ADMINISTRATOR_BUILT_IN');
    const rename = { name: 'root', displayName: '', isEnabled: true };
    expect(await code(here.administrators.update(ofSite, rename))).toBe('ESP_ADMINISTRATOR_BUILT_IN');
  });

  it('give nobody more than they have themselves: by no role, no identity, and by enabling nobody', async () => {
    const beyond = 'ESP_ADMINISTRATOR_BEYOND_OWN';
    const anna = await make('anna', site('helpdesk'));
    const assign = (...roles: RoleAssignment[]) =>
      code(here.administrators.assign(edit(anna, security), roles));
    expect(await assign(site('helpdesk'), site('full-administrator'))).toBe(beyond);
    expect(await assign(site('helpdesk'), inCollection('full-administrator', COLLECTION))).toBe(beyond);
    expect(await assign(inCollection('helpdesk', COLLECTION))).toBe(beyond);
    expect(await assign(site('helpdesk'), site('auditor'))).toBeUndefined();
    // With an identity of hers a Security Administrator would sign in as her.
    expect(await code(here.administrators.identify(edit(anna, security), ['kerberos:s@B']))).toBe(beyond);
    // Held for a collection is not held for the whole site.
    const both = governor(site('security-administrator'), inCollection('full-administrator', COLLECTION));
    expect(
      await code(here.administrators.assign(edit(anna, both), [inCollection('helpdesk', COLLECTION)])),
    ).toBe(beyond);
    await disable(anna, security);
    const enable = { name: 'anna', displayName: '', isEnabled: true };
    expect(await code(here.administrators.update(edit(anna, security), enable))).toBe(beyond);
    // Taking away is always possible.
    expect(await assign(site('auditor'))).toBeUndefined();
    expect(await code(here.administrators.update(edit(anna, security), enable))).toBeUndefined();
  });

  it('are made once for one key, and changed only at the version at hand', async () => {
    const wanted = { name: 'anna', displayName: '', kind: 'person' as const };
    const [one, two] = await Promise.all([
      here.administrators.create(wanted, full, 'key-1'),
      here.administrators.create(wanted, full, 'key-1'),
    ]);
    expect(two.id).toBe(one.id);
    const refuse = (version: number): void => {
      if (version !== 7) throw new Error(`at ${version}`);
    };
    await expect(here.administrators.delete({ id: one.id, by: full, check: refuse })).rejects.toThrow('at 1');
    expect(await code(here.administrators.get(randomUUID()))).toBe('ESP_ADMINISTRATOR_UNKNOWN');
  });
});

describe('administrators on SQL Server', () => {
  it('are kept in the tables that the golden file shows', async () => {
    await expectMssqlDdl([createAdministrators], {
      spec: import.meta.url,
      file: 'administrators.mssql.sql',
      schema: 'config_proxy',
    });
  });

  it('are read and written by the statements that the golden file shows', async () => {
    const row = {
      id: 'a-1',
      role_id: 'helpdesk',
      collection_id: '*',
      name: 'anna',
      identity_key: 'kerberos:a@B',
      administrator_id: 'a-1',
      count: 1,
    };
    await expectMssqlStatements(
      async (on) => {
        const store = new AdministratorStore();
        const tx = on as never;
        const fields = { name: 'Anna', displayName: 'A', isEnabled: true };
        await store.known(on, 'a-1');
        await store.idOf(on, 'kerberos:a@B');
        await store.list(on, { limit: 2 });
        await store.lock(tx);
        await store.insert(tx, {
          id: 'a-1',
          ...fields,
          kind: 'person',
          isBuiltIn: false,
          createdAt: 1,
          createdBy: 'x',
        });
        await store.update(tx, 'a-1', fields);
        await store.changed(tx, 'a-1', 2, 'x');
        await store.setIdentities(tx, 'a-1', ['kerberos:a@B']);
        await store.setAssignments(tx, 'a-1', [site('helpdesk'), inCollection('auditor', COLLECTION)]);
        await store.countEnabled(on, 'full-administrator');
        await store.assignedTo(on, COLLECTION);
        await store.delete(tx, 'a-1');
      },
      { spec: import.meta.url, file: 'administrators-statements.mssql.sql', schema: 'config_proxy' },
      [row],
    );
  });
});
