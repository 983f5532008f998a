import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { createKeyring, type SecretContext } from './keyring.js';
import { SecretsError } from './secrets.error.js';

const context: SecretContext = { table: 'enrollment', column: 'unlock_token', row: 'A1' };
const key = (byte: number): Buffer => Buffer.alloc(32, byte);
const old = createKeyring([{ id: 'k1', key: key(1) }], 'k1');
const both = createKeyring(
  [
    { id: 'k1', key: key(1) },
    { id: 'k2', key: key(2) },
  ],
  'k2',
);
const secret = Buffer.from('canary secret');
/** Length of the key id, `k1`, wrapped data key. */
const HEADER_BYTES = 1 + 2 + 60;
const reasonOf = (fn: () => unknown): string => {
  try {
    fn();
  } catch (error) {
    if (error instanceof SecretsError) return error.reason;
    throw error;
  }
  return 'none';
};

describe('Keyring', () => {
  it('opens what it sealed, of any size, also empty', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5_000 }), (plaintext) => {
        expect(both.open(both.seal(plaintext, context), context)).toEqual(Buffer.from(plaintext));
      }),
      { numRuns: 100 },
    );
  });

  it('never seals the same secret the same way, and shows none of it', () => {
    const [a, b] = [old.seal(secret, context), old.seal(secret, context)];
    expect(a).not.toBe(b);
    expect(Buffer.from(a.slice(4), 'base64url').includes(secret)).toBe(false);
  });

  it('keeps its format: a value sealed by the first version opens for ever', () => {
    let next = 0;
    const known = createKeyring([{ id: 'k1', key: key(1) }], 'k1', {
      randomBytes: (size) => Buffer.alloc(size, (next += 1)),
    });
    const sealed = known.seal(secret, context);
    expect(sealed).toBe(KNOWN);
    expect(old.open(KNOWN, context)).toEqual(secret);
  });

  it('binds the body to its place by itself, even where two rows had the same data key', () => {
    const repeating = createKeyring([{ id: 'k1', key: key(1) }], 'k1', {
      randomBytes: (n) => Buffer.alloc(n, 7),
    });
    const parts = (row: string): [Buffer, Buffer] => {
      const bytes = Buffer.from(repeating.seal(secret, { ...context, row }).slice(4), 'base64url');
      return [bytes.subarray(0, HEADER_BYTES), bytes.subarray(HEADER_BYTES)];
    };
    const spliced = Buffer.concat([parts('A1')[0], parts('A2')[1]]);
    expect(reasonOf(() => old.open(`es1.${spliced.toString('base64url')}`, context))).toBe('tampered');
  });

  it.each([
    ['row', { ...context, row: 'A2' }],
    ['column', { ...context, column: 'bootstrap_token' }],
    ['table', { ...context, table: 'device' }],
    ['boundary between fields', { table: 'enrollmentu', column: 'nlock_token', row: 'A1' }],
  ])('refuses a value moved to another %s, to open and to rewrap', (_, elsewhere) => {
    const sealed = old.seal(secret, context);
    expect(reasonOf(() => old.open(sealed, elsewhere))).toBe('tampered');
    expect(reasonOf(() => both.rewrap(sealed, elsewhere))).toBe('tampered');
  });

  it('refuses a value with any bit flipped, any byte missing or added', () => {
    const bytes = Buffer.from(old.seal(secret, context).slice(4), 'base64url');
    const opens = (changed: Buffer): boolean =>
      reasonOf(() => old.open(`es1.${changed.toString('base64url')}`, context)) === 'none';
    expect(opens(bytes)).toBe(true);
    for (let at = 0; at < bytes.length; at += 1) {
      for (const bit of [0x01, 0x80]) {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(at) ^ bit, at);
        expect(opens(changed)).toBe(false);
      }
      expect(opens(bytes.subarray(0, at))).toBe(false);
    }
    expect(opens(Buffer.concat([bytes, Buffer.of(0)]))).toBe(false);
  });

  it('refuses every text but the one it wrote, also other spellings of the same bytes', () => {
    const sealed = old.seal(Buffer.from('ab'), context);
    for (let at = 0; at < sealed.length; at += 1) {
      const other = sealed[at] === 'A' ? 'B' : 'A';
      expect(reasonOf(() => old.open(sealed.slice(0, at) + other + sealed.slice(at + 1), context))).not.toBe(
        'none',
      );
    }
    for (const spelling of [`${sealed}=`, ` ${sealed}`, `${sealed}\n`, sealed.slice(4)]) {
      expect(reasonOf(() => old.open(spelling, context))).toBe('malformed');
    }
  });

  it('gives only SecretsError for arbitrary text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String().map((text) => `es1.${text}`),
        ),
        (text) => {
          expect(['malformed', 'tampered', 'unknown-key']).toContain(
            reasonOf(() => both.open(text, context)),
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it('rewraps under the active key, after which the old key is not needed', () => {
    const sealed = old.seal(secret, context);
    expect(both.needsRewrap(sealed)).toBe(true);
    const rewrapped = both.rewrap(sealed, context);
    expect(both.needsRewrap(rewrapped)).toBe(false);
    expect(createKeyring([{ id: 'k2', key: key(2) }], 'k2').open(rewrapped, context)).toEqual(secret);
    expect(reasonOf(() => old.open(rewrapped, context))).toBe('unknown-key');
  });

  it('refuses the right id with another key', () => {
    const impostor = createKeyring([{ id: 'k1', key: randomBytes(32) }], 'k1');
    expect(reasonOf(() => impostor.open(old.seal(secret, context), context))).toBe('tampered');
  });

  it('shows no key when it is logged', () => {
    const shown = JSON.stringify(both) + String(Object.values(both));
    expect(shown).not.toContain(key(1).toString('base64'));
    expect(shown).not.toContain('"data"');
  });

  it.each([
    ['a short key', [{ id: 'k1', key: Buffer.alloc(16) }], 'k1'],
    ['a bad id', [{ id: 'k 1', key: key(1) }], 'k 1'],
    ['an id twice', [1, 2].map((byte) => ({ id: 'k1', key: key(byte) })), 'k1'],
    ['a missing active key', [{ id: 'k1', key: key(1) }], 'k2'],
  ])('refuses a keyring with %s', (_, keys, active) => {
    expect(reasonOf(() => createKeyring(keys, active))).toBe('keyring');
  });
});

const KNOWN =
  'es1.AmsxAwMDAwMDAwMDAwMD-WAVm_6FNmis_edmzRglqbkyoEyGzsOzrRG8R6tLh3LtLX6iZK2yRCVLKYshwsP1AgICAgICAgICAgICZLenKDgu4Y62r86tKNXTDpB5pgL3kVAJSkLbyRQ';
