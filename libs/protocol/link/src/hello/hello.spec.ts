import fc from 'fast-check';
import { LinkError } from '../link-error.js';
import { MAX_MESSAGE_BYTES } from '../link-limits.js';
import { encodeEvent, EventDecoder, parseEvent, type LinkEvent } from './events.js';
import { parseDmzHello, parseLinkHello, type LinkHello } from './hello.js';

const hello: LinkHello = {
  linkId: 'a1',
  service: 'mdm',
  site: 'S01',
  replica: 'mdm-0',
  slot: 1,
  build: '1.2.3 (dev)',
  maxStreams: 100,
  routes: [
    {
      id: 'checkin',
      prefix: '/mdm/checkin',
      methods: ['PUT'],
      auth: 'none',
      maxBody: 1,
      timeoutMs: 1,
      retry: 'never',
    },
  ],
};

describe('hellos', () => {
  it('are read as they were written; what is unknown is dropped', () => {
    expect(parseLinkHello(JSON.stringify({ ...hello, later: 1 }))).toEqual(hello);
    const dmz = { proto: [1, 2], dmzId: 'dmz-0', time: 5 };
    expect(parseDmzHello(JSON.stringify({ ...dmz, later: 1 }))).toEqual(dmz);
  });

  it.each<[string, Record<string, unknown>]>([
    ['service', { service: 'vpp' }],
    ['site', { site: '' }],
    ['replica', { replica: 'a b' }],
    ['slot', { slot: -1 }],
    ['maxStreams', { maxStreams: 0 }],
    ['routes', { routes: {} }],
    ['routes', { routes: Array.from({ length: 1_001 }, () => hello.routes[0]) }],
    ...['mdm', '/mdm/../x', '/..', '/a//b', '/a b', '/a%2f', '//', '/a/.'].map(
      (prefix): [string, Record<string, unknown>] => [
        'routes\\[0\\].prefix',
        { routes: [{ ...hello.routes[0], prefix }] },
      ],
    ),
    ['methods', { routes: [{ ...hello.routes[0], methods: ['TRACE'] }] }],
    ['auth', { routes: [{ ...hello.routes[0], auth: 'token' }] }],
    ['maxBody', { routes: [{ ...hello.routes[0], maxBody: 1.5 }] }],
    ['retry', { routes: [{ ...hello.routes[0], retry: 'always' }] }],
  ])('a wrong %s is named', (field, change) => {
    const parse = (): unknown => parseLinkHello(JSON.stringify({ ...hello, ...change }));
    expect(parse).toThrow(LinkError);
    expect(parse).toThrow(new RegExp(field));
  });

  it('a prefix of many segments costs no time', () => {
    const prefix = `/${'a'.repeat(60)}/${'b'.repeat(60)}!`;
    expect(() =>
      parseLinkHello(JSON.stringify({ ...hello, routes: [{ ...hello.routes[0], prefix }] })),
    ).toThrow(LinkError);
  });

  it('mutations give a value or LinkError', () => {
    const text = JSON.stringify(hello);
    fc.assert(
      fc.property(fc.nat(text.length), fc.string({ maxLength: 4 }), fc.nat(10), (at, insert, cut) => {
        for (const parse of [parseLinkHello, parseDmzHello])
          try {
            parse(text.slice(0, at) + insert + text.slice(at + cut));
          } catch (error) {
            expect(error).toBeInstanceOf(LinkError);
          }
      }),
      { numRuns: 200 },
    );
  });
});

describe('events', () => {
  const events: LinkEvent[] = [
    { type: 'accepted' },
    { type: 'refused', status: 409, detail: 'twice' },
    { type: 'drain', deadlineMs: 1_000 },
    { type: 'drained' },
  ];

  it('are read however the stream cuts them', () => {
    const text = events.map(encodeEvent).join('');
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 6 }), (cuts) => {
        const decoder = new EventDecoder();
        const edges = [0, ...cuts.sort((a, b) => a - b), text.length];
        const read = edges.slice(1).flatMap((end, index) => decoder.push(text.slice(edges[index], end)));
        expect(read).toEqual(events);
      }),
      { numRuns: 100 },
    );
  });

  it('of a later version are passed over', () => {
    expect(new EventDecoder().push('{"type":"later","x":1}\n{"type":"drained"}\n')).toEqual([
      { type: 'drained' },
    ]);
  });

  it('have a limit', () => {
    expect(() => new EventDecoder().push('x'.repeat(MAX_MESSAGE_BYTES + 1))).toThrow(LinkError);
  });

  it.each(['', 'x', '[]', '{}', '{"type":1}', '{"type":"refused"}', '{"type":"drain","deadlineMs":-1}'])(
    '%j is none',
    (line) => {
      expect(() => parseEvent(line)).toThrow(LinkError);
    },
  );
});
