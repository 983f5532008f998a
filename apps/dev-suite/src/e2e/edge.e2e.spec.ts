import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { testCertificate } from '@espalier/testing';
import { run, TestSuite } from './suite.fixture.js';

/** What strangers can do at the two doors of the DMZ, against the whole suite of real processes. */
describe('the edge', () => {
  let site: TestSuite;
  beforeAll(async () => {
    site = await TestSuite.start();
  });
  afterAll(() => site.stop());

  const certificates = (): number =>
    site.query<{ n: number }>('mdm', 'SELECT COUNT(*) AS n FROM identity_certificate')[0]?.n ?? -1;

  describe('SCEP with an independent client', () => {
    async function enroll(challenge: string): Promise<{ code: number; output: string }> {
      const folder = mkdtempSync(join(tmpdir(), 'espalier-scep-'));
      try {
        return await run(
          'scepclient',
          [
            '-server-url',
            `${site.suite.deviceUrl}/mdm/scep`,
            '-challenge',
            challenge,
            '-cn',
            'scep client',
            '-private-key',
            'key.pem',
            '-certificate',
            'client.pem',
          ],
          { cwd: folder, env: { SSL_CERT_FILE: site.suite.pki.ca.certificate } },
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    }

    it('issues a certificate for a fresh challenge, once', async () => {
      const challenge = await site.freshChallenge();
      const before = certificates();
      expect(await enroll(challenge)).toMatchObject({ code: 0 });
      expect(certificates()).toBe(before + 1);
      expect((await enroll(challenge)).code).not.toBe(0);
      expect(certificates()).toBe(before + 1);
    });

    it('refuses a wrong and an expired challenge, and no certificate exists', async () => {
      const before = certificates();
      expect((await enroll('guessed')).code).not.toBe(0);
      const challenge = await site.freshChallenge();
      const db = new DatabaseSync(site.suite.state.file('data', 'mdm.sqlite'), { timeout: 10_000 });
      db.exec('UPDATE scep_challenge SET expires_at = 1 WHERE used_at IS NULL');
      db.close();
      expect((await enroll(challenge)).code).not.toBe(0);
      expect(certificates()).toBe(before);
    });
  });

  describe('the link port', () => {
    const folder = mkdtempSync(join(tmpdir(), 'espalier-link-'));
    afterAll(() => rmSync(folder, { recursive: true }));

    function files(name: string, pair: { readonly certificate: string; readonly key: string }): string[] {
      const [certificate, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
      writeFileSync(certificate, pair.certificate);
      writeFileSync(key, pair.key);
      return ['-cert', certificate, '-key', key];
    }

    it('gives no link to no, a wrong or an expired certificate, counts each, and goes on', async () => {
      const port = site.suite.options.ports.link;
      const [links, refused] = [
        await site.metric('dmz', 'link_up'),
        await site.metric('dmz', 'pin_mismatch_total'),
      ];
      expect(links).toBeGreaterThan(0);
      const expired = testCertificate('mdm link', {
        notAfter: new Date(Date.now() - 3_600_000),
        notBefore: new Date(Date.now() - 7_200_000),
      });
      const attempts = [[], files('wrong', testCertificate('mdm link')), files('expired', expired)];
      for (const extra of attempts)
        await run(
          'openssl',
          ['s_client', '-connect', `127.0.0.1:${port}`, '-alpn', 'rh2', '-tls1_3', ...extra],
          { input: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
        );
      await run('curl', ['-sk', '--max-time', '5', `https://127.0.0.1:${port}/`]);
      expect(await site.metric('dmz', 'pin_mismatch_total')).toBeGreaterThanOrEqual(
        refused + attempts.length,
      );
      expect(await site.metric('dmz', 'link_up')).toBe(links);
    });
  });

  describe('garbage on device routes', () => {
    const deep = `<plist version="1.0">${'<array>'.repeat(50_000)}</plist>`;
    const bomb = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "${'a'.repeat(1_000)}"><!ENTITY b "${'&a;'.repeat(1_000)}">]><plist><string>&b;</string></plist>`;
    const bodies: readonly (readonly [string, Buffer | string])[] = [
      ['nothing', ''],
      ['random bytes', randomBytes(4_096)],
      ['a cut plist', '<?xml version="1.0"?><plist version="1.0"><dict><key>UDID</key><str'],
      ['deep nesting', deep],
      ['an entity bomb', bomb],
    ];
    const routes: readonly (readonly [string, string])[] = [
      ['PUT', '/mdm/checkin'],
      ['PUT', '/mdm/connect'],
      ['POST', '/mdm/scep?operation=PKIOperation'],
    ];
    const stored = (): string =>
      JSON.stringify(
        ['enrollment', 'queued_command', 'command_result', 'identity_certificate', 'outbox'].map((table) =>
          site.query('mdm', `SELECT COUNT(*) AS n FROM ${table}`),
        ),
      );

    it.each(routes)(
      '%s %s answers 4xx with a clear body, never 401, and stores nothing',
      async (method, path) => {
        const before = stored();
        for (const [, body] of bodies) {
          const headers = {
            'content-type': 'application/x-apple-aspen-mdm-checkin',
            'mdm-signature': randomBytes(64).toString('base64'),
          };
          for (const signed of [{}, headers]) {
            const answer = await site.device(method, path, body, { headers: signed });
            expect(answer.status).toBeGreaterThanOrEqual(400);
            expect(answer.status).toBeLessThan(500);
            expect(answer.status).not.toBe(401);
            expect(JSON.parse(answer.body.toString())).toMatchObject({
              code: expect.stringMatching(/^ESP_/),
              status: answer.status,
            });
          }
        }
        expect(stored()).toBe(before);
      },
    );

    it('refuses a body of 100 MB without taking it in', async () => {
      const rss = await site.metric('dmz', 'process_resident_memory_bytes');
      const block = Buffer.alloc(1024 * 1024, 'x');
      const answer = await site
        .device('PUT', '/mdm/checkin', Buffer.concat(Array.from({ length: 100 }, () => block)))
        .catch((error: NodeJS.ErrnoException) => ({ status: 0, code: error.code }));
      // The door answers and closes; whether a client still sending sees the answer or the reset is TCP's choice.
      expect(answer.status === 413 || answer.status === 0).toBe(true);
      expect(await site.metric('dmz', 'process_resident_memory_bytes')).toBeLessThan(rss + 60 * 1024 * 1024);
      expect(await site.metric('mdm', 'process_resident_memory_bytes')).toBeLessThan(400 * 1024 * 1024);
    });

    it('knows no other route', async () => {
      for (const path of [
        '/',
        '/mdm',
        '/mdm/',
        '/mdm/other',
        '/api/v1/enrollments',
        '/.link/v1/hello',
        '/mdm/%2e%2e/api',
      ])
        expect((await site.device('GET', path)).status).toBeGreaterThanOrEqual(400);
    });

    it('tells who has no valid enrolment link so, and gives no profile', async () => {
      expect(await site.device('GET', '/mdm/enroll/guessed')).toMatchObject({ status: 404 });
      const { url } = await site.client().createEnrollmentLink(1);
      expect(await site.device('GET', new URL(url).pathname)).toMatchObject({ status: 200 });
      expect(await site.device('GET', new URL(url).pathname)).toMatchObject({ status: 410 });
    });
  });
});
