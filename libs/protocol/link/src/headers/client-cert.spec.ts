import fc from 'fast-check';
import { LinkError } from '../link-error.js';
import { decodeClientCert, encodeClientCert, MAX_CLIENT_CERT_BYTES } from './client-cert.js';

describe('Client-Cert (RFC 9440)', () => {
  it('survives the way there and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 3_000 }), (der) => {
        const field = encodeClientCert(der);
        expect(field).toMatch(/^:[A-Za-z0-9+/]+={0,2}:$/);
        expect(decodeClientCert(field).equals(der)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('has a limit both ways', () => {
    expect(() => encodeClientCert(Buffer.alloc(MAX_CLIENT_CERT_BYTES))).not.toThrow();
    expect(() => encodeClientCert(Buffer.alloc(MAX_CLIENT_CERT_BYTES + 1))).toThrow(LinkError);
    expect(() => encodeClientCert(Buffer.alloc(0))).toThrow(LinkError);
    expect(() => decodeClientCert(`:${'A'.repeat(20_000)}:`)).toThrow(LinkError);
  });

  it.each([
    '',
    ':',
    '::',
    'AAAA',
    ':AAAA',
    ':AAA:',
    ':AAAA:, :AAAA:',
    ':AAAA:;a=1',
    ':AA==',
    ': AAAA:',
    ':AAB=:',
    ':-_==:',
  ])('%j is not one', (field) => {
    expect(() => decodeClientCert(field)).toThrow(LinkError);
  });

  it('only ever gives bytes or LinkError', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const field of [text, `:${text}:`])
          try {
            expect(decodeClientCert(field).length).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toBeInstanceOf(LinkError);
          }
      }),
      { numRuns: 200 },
    );
  });
});
