import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LinkError } from '../link-error.js';
import { PinSet, spkiPin, type PinnedPeer } from './pin-set.js';

/** A self-signed certificate of a day, made by the real openssl. */
function certificate(key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey): {
  readonly pem: string;
  readonly key: KeyObject;
} {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-pin-'));
  try {
    const file = join(folder, 'key.pem');
    writeFileSync(file, key.export({ type: 'pkcs8', format: 'pem' }));
    const request = ['req', '-x509', '-new', '-key', file, '-subj', '/CN=peer', '-days', '1'];
    return { pem: execFileSync('openssl', request, { stdio: 'pipe' }).toString(), key };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const DAY = 86_400_000;

describe('pins', () => {
  const current = certificate();
  const next = certificate();
  const gone = certificate();
  const renewed = certificate(current.key);
  const set = new PinSet([
    { certificate: current.pem, status: 'active' },
    { certificate: next.pem, status: 'next' },
    { certificate: gone.pem, status: 'revoked' },
  ]);
  const check = (pem: string | undefined, at = 0): unknown =>
    set.check(pem === undefined ? undefined : new X509Certificate(pem), new Date(Date.now() + at));

  it('agree with openssl on what the pin of a key is', () => {
    const der = execFileSync('openssl', ['pkey', '-pubout', '-outform', 'DER'], {
      input: current.key.export({ type: 'pkcs8', format: 'pem' }),
    });
    const pin = execFileSync('openssl', ['dgst', '-sha256', '-binary'], { input: der }).toString('base64');
    expect(spkiPin(new X509Certificate(current.pem))).toBe(pin);
  });

  it.each([
    ['the active one', current.pem, 0, { ok: true }],
    ['the next one', next.pem, 0, { ok: true }],
    ['a renewal with the same key', renewed.pem, 0, { ok: true }],
    ['the revoked one', gone.pem, 0, { ok: false, reason: 'revoked' }],
    ['another', certificate().pem, 0, { ok: false, reason: 'wrong_certificate' }],
    ['none', undefined, 0, { ok: false, reason: 'no_certificate' }],
    ['an expired one', current.pem, DAY + 10 * 60_000, { ok: false, reason: 'expired' }],
    ['one that expired three minutes ago: clocks differ', current.pem, DAY + 3 * 60_000, { ok: true }],
    ['one of tomorrow', current.pem, -DAY, { ok: false, reason: 'not_yet_valid' }],
  ])('judge %s', (_what, pem, at, verdict) => {
    expect(check(pem, at)).toMatchObject(verdict);
  });

  it('that are revoked stay so under a renewed certificate', () => {
    const both = new PinSet([
      { certificate: renewed.pem, status: 'active' },
      { certificate: current.pem, status: 'revoked' },
    ]);
    expect(both.check(new X509Certificate(renewed.pem), new Date())).toEqual({
      ok: false,
      reason: 'revoked',
    });
  });

  it('give TLS all but the revoked to trust', () => {
    expect(set.trusted).toEqual([current.pem, next.pem]);
  });

  it.each<[string, PinnedPeer[]]>([
    ['none that is live', [{ certificate: gone.pem, status: 'revoked' }]],
    ['four', Array.from({ length: 4 }, () => ({ certificate: current.pem, status: 'active' as const }))],
    ['no certificate', [{ certificate: 'x', status: 'active' }]],
    ['an SPKI that is not its own', [{ certificate: current.pem, spki: 'x', status: 'active' }]],
  ])('cannot be %s', (_what, peers) => {
    expect(() => new PinSet(peers)).toThrow(LinkError);
  });
});
