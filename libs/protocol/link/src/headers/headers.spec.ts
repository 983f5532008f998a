import fc from 'fast-check';
import { LinkError } from '../link-error.js';
import { checkHeaderBlock, rebuildRequestHeaders, rebuildResponseHeaders } from './headers.js';

const host = ['Host', 'edge'];

describe('request headers', () => {
  it('are built from the allow-list, in lower case', () => {
    const sent = ['User-Agent', 'MDM', 'X-Other', '1', 'Content-Length', '12', 'Client-Cert', ':AA==:'];
    const { headers, contentLength, chunked } = rebuildRequestHeaders([
      ...host,
      ...sent,
      'Content_Type',
      'x',
    ]);
    expect({ ...headers }).toEqual({ 'user-agent': 'MDM' });
    expect({ contentLength, chunked }).toEqual({ contentLength: 12, chunked: false });
  });

  it('cannot reach the prototype of an object', () => {
    const { headers } = rebuildRequestHeaders([...host, '__proto__', 'x', 'constructor', 'y']);
    expect(Object.keys(headers)).toEqual([]);
  });

  it.each([
    ['no host', []],
    ['two hosts', [...host, ...host]],
    ['a doubled header', [...host, 'Range', 'a', 'range', 'b']],
    ['two lengths', [...host, 'Content-Length', '1', 'Content-Length', '1']],
    ['a signed length', [...host, 'Content-Length', '+1']],
    ['both framings', [...host, 'Content-Length', '1', 'Transfer-Encoding', 'chunked']],
    ['an unknown coding', [...host, 'Transfer-Encoding', 'identity']],
    ['control characters', [...host, 'Range', 'a\u0001']],
    ['too many', Array.from({ length: 101 }, (_, n) => [`x-${n}`, '1']).flat()],
  ])('are refused with %s', (_what, raw) => {
    expect(() => rebuildRequestHeaders(raw)).toThrow(LinkError);
  });

  it('never hold a name that the edge sets, whatever was sent', () => {
    const name = fc.oneof(
      fc.constantFrom(
        'Client-Cert',
        'client-cert',
        'PMM-Request-Id',
        'X-Forwarded-For',
        'Connection',
        'Host',
        'User-Agent',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string()), { maxLength: 10 }), (pairs) => {
        try {
          const { headers } = rebuildRequestHeaders(pairs.flat());
          for (const key in headers)
            expect(key).not.toMatch(/^(?:pmm-|client-cert|x-forwarded|forwarded|host|connection)/);
        } catch (error) {
          expect(error).toBeInstanceOf(LinkError);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('response headers', () => {
  it('are built from the allow-list, content-length kept', () => {
    expect(
      rebuildResponseHeaders({
        'content-type': 'text/plain',
        'content-length': '5',
        connection: 'close',
        'set-cookie': ['a=1'],
        'x-internal': '1',
        etag: 'a\u0007',
      }),
    ).toEqual(['content-type', 'text/plain', 'content-length', '5']);
  });
});

describe('the guard before the link', () => {
  it('passes what is small', () => {
    expect(() => checkHeaderBlock({ ':status': 200, 'content-type': 'text/plain' })).not.toThrow();
  });
  it.each([
    ['many', Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`x-${n}`, '1']))],
    ['large', { x: 'y'.repeat(33_000) }],
    ['two-line', { x: 'a\r\nb: c' }],
  ])('refuses what is %s', (_what, headers) => {
    expect(() => checkHeaderBlock(headers)).toThrow(LinkError);
  });
});
