import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { KerberosRealm, missingKerberosParts } from '@espalier/testing';
import { SignInPlace } from '../sign-in.fixture.js';
import { KerberosDoor } from './kerberos-door.fixture.js';

/** Debian's `faketime`: a clock of its own for one program. */
const [faketime] = globSync('/usr/lib/*/faketime/libfaketime.so.1');
const at = (shift: string): NodeJS.ProcessEnv => ({ LD_PRELOAD: faketime, FAKETIME: shift });

const missingParts = missingKerberosParts(import.meta.url);
const describeHere = missingParts.length === 0 ? describe : describe.skip;
const title = missingParts.length === 0 ? '' : ` (skipped, for there is no ${missingParts.join(', ')})`;

describeHere(`Kerberos tickets, sent by curl${title}`, () => {
  const place = new SignInPlace();
  let realm: KerberosRealm;
  let door: KerberosDoor;
  let keytab: string;
  let alice: NodeJS.ProcessEnv;
  const refused = (code: string, status = 401) => ({
    status,
    json: { code: `ESP_SIGN_IN_${code}`, mend: expect.any(String) },
  });

  beforeAll(async () => {
    realm = await new KerberosRealm(place.folder).start();
    keytab = realm.addService('HTTP/localhost', 'http.keytab');
    realm.addService('host/localhost', 'http.keytab');
    realm.addService('imap/localhost', 'elsewhere.keytab');
    alice = realm.addUser('alice');
    // The service knows nothing of the realm but its keytab.
    door = await new KerberosDoor(place, {
      keytab,
      env: { ...realm.env, KRB5_CONFIG: '/nonexistent' },
    }).start();
  });
  afterAll(async () => {
    await door.stop();
    await realm.stop();
    place.remove();
  });

  it('sign in, and the service proves itself in turn', async () => {
    const answer = await door.negotiate(alice);
    expect(answer).toMatchObject({
      status: 200,
      json: { method: 'kerberos', identity: 'kerberos:alice@ESPALIER.TEST', expiresAt: null },
      answered: expect.stringMatching(/^Negotiate \S{50,}$/),
    });
  });

  it('name people exactly: another instance or letter case is somebody else', async () => {
    for (const name of ['alice/admin', 'Alice']) {
      const answer = await door.negotiate(realm.addUser(name));
      expect(answer.json['identity']).toBe(`kerberos:${name}@ESPALIER.TEST`);
    }
  });

  it('are good once: a replay is refused', async () => {
    const { sent = '' } = await door.negotiate(alice);
    expect(await door.send(sent)).toMatchObject(refused('KERBEROS_REPLAY'));
    const changed = Buffer.from(sent.replace('Negotiate ', ''), 'base64');
    const last = changed.length - 20;
    changed.writeUInt8(changed.readUInt8(last) ^ 1, last);
    expect(await door.send(`Negotiate ${changed.toString('base64')}`)).toMatchObject(
      refused('KERBEROS_REFUSED'),
    );
  });

  it('for other services are refused, with or without a key for them', async () => {
    for (const name of ['host', 'imap'])
      expect(await door.negotiate(alice, '--service-name', name)).toMatchObject(refused('KERBEROS_SERVICE'));
  });

  it('for services that are not in the settings are refused, though their key is in the keytab', async () => {
    const options = { keytab, env: realm.env };
    const services = 'HTTP/console.example@ESPALIER.TEST,HTTP/localhost@ESPALIER.TEST';
    const named = await new KerberosDoor(place, { ...options, services }).start();
    const other = await new KerberosDoor(place, { ...options, services: services.slice(0, 34) }).start();
    expect((await named.negotiate(alice)).status).toBe(200);
    expect(await other.negotiate(alice)).toMatchObject(refused('KERBEROS_SERVICE'));
    await Promise.all([named.stop(), other.stop()]);
  });

  (faketime === undefined ? describe.skip : describe)("by other clocks (needs Debian's faketime)", () => {
    it('are refused where they differ by more than five minutes', async () => {
      // The service ticket is in alice's cache already, so that nobody but the door can notice.
      await door.negotiate(alice);
      expect(await door.negotiate({ ...alice, ...at('+10m') }, '--insecure')).toMatchObject(
        refused('KERBEROS_CLOCK'),
      );
      expect((await door.negotiate({ ...alice, ...at('+3m') })).status).toBe(200);
    });

    it('are refused when they have expired', async () => {
      // To be issued and used by programs that live two days ago.
      const past = await new KerberosRealm(place.folder, 'past', at('-48h')).start();
      const old = await new KerberosDoor(place, {
        keytab: past.addService('HTTP/localhost', 'http.keytab'),
        env: { ...past.env, LD_PRELOAD: undefined },
      }).start();
      expect(await old.negotiate(past.addUser('alice'), '--insecure')).toMatchObject(
        refused('KERBEROS_EXPIRED'),
      );
      await old.stop();
      await past.stop();
    });
  });

  it('are for a replica to refuse that cannot tell replays, or has no keys; it is not their fault', async () => {
    for (const options of [
      { keytab, env: { ...realm.env, KRB5RCACHEDIR: '/nonexistent' } },
      { keytab: place.caFile, env: realm.env },
    ]) {
      const broken = await new KerberosDoor(place, options).start();
      expect(await broken.negotiate(alice)).toMatchObject(refused('KERBEROS_UNAVAILABLE', 503));
      await broken.stop();
    }
  });

  it('are told from NTLM, bare or inside SPNEGO', async () => {
    const ntlm = Buffer.from('NTLMSSP\0\x01\0\0\0\x07\x82\x08\xa2', 'latin1');
    const NTLM_OID = '060a2b06010401823702020a';
    const KERBEROS_OID = '06092a864886f712010202';
    for (const token of [ntlm, spnego(NTLM_OID, ntlm), spnego(NTLM_OID + KERBEROS_OID, ntlm)])
      expect(await door.send(`Negotiate ${token.toString('base64')}`)).toMatchObject({
        ...refused('NTLM'),
        json: { mend: expect.stringContaining('setspn') },
      });
    for (const token of [spnego(NTLM_OID + KERBEROS_OID), spnego(KERBEROS_OID)])
      expect(await door.send(`Negotiate ${token.toString('base64')}`)).toMatchObject(
        refused('KERBEROS_UNFINISHED'),
      );
  });

  it('sign in without SPNEGO, as old clients send them, but not where the client wants another step', async () => {
    const token = (mechanism: number, flags: number): string => {
      const script = join(import.meta.dirname, 'kerberos-token-process.fixture.js');
      const args = [script, String(mechanism), String(flags)];
      return `Negotiate ${execFileSync(process.execPath, args, { env: alice, encoding: 'utf8' })}`;
    };
    const [KERBEROS, SPNEGO, MUTUAL, DCE_STYLE] = [9, 6, 2, 4_096];
    expect(await door.send(token(KERBEROS, MUTUAL))).toMatchObject({
      status: 200,
      json: { identity: 'kerberos:alice@ESPALIER.TEST' },
    });
    for (const mechanism of [KERBEROS, SPNEGO])
      expect(await door.send(token(mechanism, MUTUAL | DCE_STYLE))).toMatchObject(
        refused('KERBEROS_UNFINISHED'),
      );
  });

  it('that nobody can read are refused, and harm nothing', async () => {
    const { sent = '' } = await door.negotiate(alice);
    const bytes = Buffer.from(sent.replace('Negotiate ', ''), 'base64');
    const garbage = ['', '!', 'A', 'YII', 'AAAA', 'YA==', 'A'.repeat(8_000)].map(
      (text) => `Negotiate ${text}`,
    );
    const cut = [1, 2, 10, 30, 200, bytes.length - 1].map(
      (length) => `Negotiate ${bytes.subarray(0, length).toString('base64')}`,
    );
    for (const header of [...garbage, ...cut]) {
      const { status, json } = await door.send(header);
      expect([header.slice(0, 30), status, json['code']]).toEqual([
        header.slice(0, 30),
        401,
        expect.stringMatching(/^ESP_SIGN_IN_KERBEROS_/),
      ]);
    }
    expect((await door.negotiate(alice)).status).toBe(200);
  });

  it('are not lent to other web sites by a browser', async () => {
    for (const header of ['Sec-Fetch-Site: cross-site', 'Origin: https://evil.example'])
      expect(await door.negotiate(alice, '--header', header)).toMatchObject(refused('CROSS_SITE', 403));
  });

  it('sign in fifty people at once', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => door.negotiate(alice)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  });

  it('under a new key are good as soon as the keytab has it', async () => {
    realm.changeKey('HTTP/localhost');
    const bob = realm.addUser('bob');
    expect(await door.negotiate(bob)).toMatchObject(refused('KERBEROS_SERVICE'));
    realm.addService('HTTP/localhost', 'http.keytab');
    expect((await door.negotiate(realm.addUser('carol'))).status).toBe(200);
  });
});

describe('a keytab where the module kerberos is missing', () => {
  it('is said at the start, and to whoever sends a ticket', async () => {
    const place = new SignInPlace();
    const without =
      'data:text/javascript,import{registerHooks}from"node:module";registerHooks({resolve(s,c,n){if(s==="kerberos")throw new Error("not installed");return n(s,c)}})';
    const options = { keytab: place.caFile, env: process.env, node: ['--import', without] };
    const door = await new KerberosDoor(place, options).start();
    expect(door.log).toEqual([
      expect.objectContaining({
        level: 'error',
        msg: expect.stringContaining('ESPALIER_KERBEROS_KEYTAB_FILE'),
      }),
    ]);
    expect(await door.send('Negotiate YIIC')).toMatchObject({
      status: 503,
      json: { code: 'ESP_SIGN_IN_KERBEROS_UNAVAILABLE', retryable: true },
    });
    await door.stop();
    place.remove();
  });
});

/** A first token of SPNEGO (RFC 4178 §4.2.1): mechanisms in hex, and the token for the first of them. */
function spnego(mechanisms: string, token?: Buffer): Buffer {
  const wrap = (tag: number, ...parts: readonly Buffer[]): Buffer => {
    const body = Buffer.concat(parts);
    return Buffer.concat([Buffer.from([tag, body.length]), body]);
  };
  const list = wrap(0xa0, wrap(0x30, Buffer.from(mechanisms, 'hex')));
  const init = token === undefined ? [list] : [list, wrap(0xa2, wrap(0x04, token))];
  return wrap(0x60, Buffer.from('06062b0601050502', 'hex'), wrap(0xa0, wrap(0x30, ...init)));
}
