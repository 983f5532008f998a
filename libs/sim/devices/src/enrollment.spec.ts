import { generateKeyPairSync } from 'node:crypto';
import { createSelfSigned } from '@espalier/x509';
import { signProfile } from '@espalier/config-profile';
import { recordEvents, SimBench } from './testing/index.js';
import type { DeviceFleet, EnrollmentSummary } from './index.js';

describe('enrolment', () => {
  let bench: SimBench;
  beforeAll(async () => {
    bench = await SimBench.start();
  });
  afterEach(() => bench.reset());
  afterAll(() => bench.close());

  function enrollOne(fleet: DeviceFleet, bytes: Uint8Array): Promise<EnrollmentSummary> {
    return fleet.enroll({ count: 1, platform: 'mac', profile: { bytes } });
  }

  it('makes a Mac managed from a plain profile, and from a signed one', async () => {
    const fleet = await bench.fleet();
    for (const signed of [false, true]) {
      const { enrolled } = await enrollOne(fleet, bench.server.profile({ signed }));
      const { identity, state } = enrolled[0]!;
      const { authenticate, tokenUpdate } = bench.server.channel.of(identity.udid);
      expect(authenticate).toMatchObject({ serialNumber: identity.serial, productName: identity.model });
      expect(tokenUpdate?.pushMagic).toBe(state.pushMagic);
      expect(tokenUpdate?.token.toString('hex')).toBe(state.pushToken);
    }
    expect(bench.server.channel.lastProof).toBe('signature');
    expect(bench.server.complaints).toEqual([]);
  });

  it('gets each device a profile and a certificate of its own from a URL', async () => {
    const fleet = await bench.fleet();
    const before = bench.server.scep.issued;
    const { enrolled, failed } = await fleet.enroll({
      count: 4,
      platform: 'mixed',
      profile: { url: `${bench.server.url}/enroll` },
    });
    expect([enrolled.length, failed.length]).toEqual([4, 0]);
    expect(bench.server.scep.issued - before).toBe(4);
    const prints = enrolled.map(({ identity }) => bench.server.channel.of(identity.udid).fingerprint);
    expect(new Set(prints).size).toBe(4);
  });

  it('proves its identity by TLS alone where the profile asks for no signatures', async () => {
    const fleet = await bench.fleet();
    await enrollOne(fleet, bench.server.profile({ signMessage: false }));
    expect(bench.server.channel.lastProof).toBe('mtls');
    expect(bench.server.requests.some(({ headers }) => 'mdm-signature' in headers)).toBe(false);
  });

  it('does not trust a server that neither the profile nor the user names', async () => {
    const fleet = await bench.fleet();
    const stranger = await SimBench.start();
    try {
      // The profile is of this bench and makes its root trusted, not that of the other server.
      const profile = bench.server.profile().toString().replaceAll(bench.server.url, stranger.server.url);
      const { failed } = await enrollOne(fleet, Buffer.from(profile));
      expect(failed[0]?.error.code).toBe('ESP_SIM_CONNECTION_FAILED');
      expect(failed[0]?.error.message).toMatch(/certificate/);
      expect(stranger.server.requests).toEqual([]);
    } finally {
      await stranger.close();
    }
  });

  it('refuses a CA that has not the fingerprint of the profile, and sends it no challenge', async () => {
    const fleet = await bench.fleet();
    const { failed } = await enrollOne(fleet, bench.server.profile({ caFingerprint: Buffer.alloc(32, 1) }));
    expect(failed[0]?.error.code).toBe('ESP_SIM_SCEP_CA_MISMATCH');
    expect(bench.server.requests.map(({ method }) => method)).toEqual(['GET', 'GET']);
    expect(failed[0]?.device.phase).toBe('new');
  });

  it('says so where the challenge is wrong, and does not try again', async () => {
    const fleet = await bench.fleet();
    const events = recordEvents(fleet);
    const { failed } = await enrollOne(fleet, bench.server.profile({ challenge: 'used before' }));
    expect(failed[0]?.error.code).toBe('ESP_SIM_SCEP_REFUSED');
    expect(failed[0]?.error.message).toContain('badRequest challenge');
    expect(events.map(({ kind }) => kind)).toEqual(['enrolling', 'error']);
    expect(bench.server.requests.filter(({ method }) => method === 'POST').length).toBe(1);
  });

  it('refuses profiles that are none, tampered with, or not to enrol by, before it talks to anybody', async () => {
    const fleet = await bench.fleet();
    const good = bench.server.profile();
    const change = (from: string | RegExp, to: string): Buffer =>
      Buffer.from(good.toString().replace(from, to));
    const signed = bench.server.profile({ signed: true });
    signed[signed.indexOf('Strict MDM')] = 0x58;
    const bad: readonly [Buffer, RegExp][] = [
      [Buffer.from('<html/>'), /Not a configuration profile/],
      [good.subarray(0, good.length - 40), /Not a configuration profile/],
      [signed, /signature/],
      [change(bench.server.topic, 'com.example.topic'), /Topic must begin with com\.apple\.mgmt/],
      [change(/https(:[^<]+\/connect)/, 'http$1'), /ServerURL must be an absolute URL with https/],
      [change('<integer>8191</integer>', '<integer>2</integer>'), /AccessRights/],
      [change(/(<key>IdentityCertificateUUID<\/key>\s*<string>)[^<]+/, '$1none'), /names no payload/],
      [change('com.apple.mdm<', 'com.apple.wifi.managed<'), /There is no com\.apple\.mdm payload/],
    ];
    for (const [bytes, message] of bad) {
      const { failed } = await enrollOne(fleet, bytes);
      expect(failed[0]?.error.code).toBe('ESP_SIM_PROFILE_REFUSED');
      expect(failed[0]?.error.message).toMatch(message);
    }
    expect(bench.server.requests).toEqual([]);
  });

  it('accepts a profile signed by anybody, as devices do, as long as the signature holds', async () => {
    const fleet = await bench.fleet();
    const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const notBefore = new Date(Date.now() - 1000);
    const notAfter = new Date(Date.now() + 60_000);
    const certificate = createSelfSigned({ subject: { CN: 'Anybody' }, key, notBefore, notAfter });
    const { enrolled } = await enrollOne(fleet, signProfile(bench.server.profile(), { certificate, key }));
    expect(enrolled.length).toBe(1);
  });

  it.each(['/scep', '/checkin', '/enroll'])(
    'takes an answer of %s that was cut short for none, and asks again',
    async (path) => {
      const fleet = await bench.fleet();
      const events = recordEvents(fleet);
      let cuts = 2;
      bench.server.interfere = (request) =>
        request.path === path && cuts-- > 0 ? { cut: 'middle' } : undefined;
      const { enrolled } = await fleet.enroll({ count: 1, profile: { url: `${bench.server.url}/enroll` } });
      expect(enrolled.length).toBe(1);
      expect(
        events.filter(({ kind }) => kind === 'retry').map((event) => 'code' in event && event.code),
      ).toEqual(['ESP_SIM_REPLY_CUT', 'ESP_SIM_REPLY_CUT']);
    },
  );

  it('waits as long as Retry-After says', async () => {
    const fleet = await bench.fleet();
    const events = recordEvents(fleet);
    let busy = true;
    bench.server.interfere = () => {
      if (!busy) return undefined;
      busy = false;
      return { status: 503, headers: { 'retry-after': '1' } };
    };
    const { enrolled } = await enrollOne(fleet, bench.server.profile());
    expect(enrolled.length).toBe(1);
    expect(events.find(({ kind }) => kind === 'retry')).toMatchObject({
      waitMs: 1000,
      code: 'ESP_SIM_SERVER_BUSY',
    });
  });

  it('goes on with an enrolment where it was interrupted, with the same key and certificate', async () => {
    const stateFolder = bench.newFolder();
    const first = await bench.fleet({ stateFolder });
    bench.server.interfere = ({ path }) => (path === '/checkin' ? { status: 503 } : undefined);
    const { failed } = await enrollOne(first, bench.server.profile());
    expect(failed[0]?.error.code).toBe('ESP_SIM_SERVER_BUSY');
    expect(failed[0]?.device.phase).toBe('certified');
    await bench.closeFleet(first);
    bench.server.interfere = undefined;
    const issued = bench.server.scep.issued;
    const second = await bench.fleet({ stateFolder });
    await second.resume();
    expect(second.status().map(({ phase }) => phase)).toEqual(['enrolled']);
    expect(bench.server.scep.issued).toBe(issued);
  });

  it('can be enrolled again once it is not managed any more', async () => {
    const fleet = await bench.fleet();
    const { enrolled } = await enrollOne(fleet, bench.server.profile());
    const device = enrolled[0]!;
    await expect(device.enroll({ bytes: bench.server.profile() })).rejects.toMatchObject({
      code: 'ESP_SIM_PHASE',
    });
    await fleet.checkOut();
    expect(device.phase).toBe('removed');
    expect(bench.server.channel.of(device.identity.udid).checkedOut).toBe(true);
    await device.enroll({ bytes: bench.server.profile() });
    expect(device.phase).toBe('enrolled');
  });
});
