import fc from 'fast-check';
import { MdmProtocolError } from '../mdm-protocol.error.js';
import {
  buildDeclaration,
  buildDeclarationItems,
  buildSyncTokens,
  declarationKindOf,
  declarationKinds,
  parseDeclaration,
  parseDeclarationItems,
  parseSyncTokens,
} from './declaration.js';
import { formatEndpoint, parseEndpoint } from './endpoint.js';
import { buildStatusReport, parseStatusReport, type StatusReport } from './status-report.js';

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const text = (buffer: Buffer): unknown => JSON.parse(buffer.toString('utf8'));
/** What identifiers and tokens are made of. */
const name = fc.stringMatching(/^[A-Za-z0-9._/-]{1,64}$/);
const kind = fc.constantFrom(...declarationKinds);

describe('endpoints', () => {
  it('are read and written alike, identifiers with slashes included', () => {
    fc.assert(
      fc.property(kind, name, (one, identifier) => {
        const endpoint = { name: 'declaration', kind: one, identifier } as const;
        expect(parseEndpoint(formatEndpoint(endpoint))).toStrictEqual(endpoint);
      }),
      { numRuns: 200 },
    );
    for (const plain of ['tokens', 'declaration-items', 'status'])
      expect(formatEndpoint(parseEndpoint(plain))).toBe(plain);
  });

  it.each([
    '',
    'token',
    'tokens/',
    'declaration',
    'declaration/configuration',
    'declaration/configuration/',
    'declaration/configurations/x',
    'declaration/toString/x',
    'declaration/com.apple.configuration.test/x',
  ])('refuse %j', (endpoint) => {
    expect(() => parseEndpoint(endpoint)).toThrow(MdmProtocolError);
  });
});

describe('declarations', () => {
  it('have the four lists in the manifest even where nothing is in them', () => {
    expect(text(buildDeclarationItems({ declarationsToken: 'T', declarations: [] }))).toEqual({
      Declarations: { Activations: [], Assets: [], Configurations: [], Management: [] },
      DeclarationsToken: 'T',
    });
  });

  it('are advertised as they are read, grouped by kind', () => {
    const reference = fc.record({ kind, identifier: name, serverToken: name }, { noNullPrototype: true });
    fc.assert(
      fc.property(name, fc.array(reference), (declarationsToken, references) => {
        const declarations = declarationKinds.flatMap((one) => references.filter((r) => r.kind === one));
        const manifest = { declarationsToken, declarations };
        expect(parseDeclarationItems(buildDeclarationItems(manifest))).toStrictEqual(manifest);
      }),
      { numRuns: 200 },
    );
  });

  it('have tokens with a time to the second', () => {
    const body = buildSyncTokens({ declarationsToken: 'T', timestamp: new Date(1_700_000_000_123) });
    expect(text(body)).toEqual({ SyncTokens: { DeclarationsToken: 'T', Timestamp: '2023-11-14T22:13:20Z' } });
    expect(parseSyncTokens(body)).toEqual({
      declarationsToken: 'T',
      timestamp: new Date(1_700_000_000_000),
    });
  });

  it('stay below the 256 octets that devices take as tokens', () => {
    const token = 'f'.repeat(64);
    expect(buildSyncTokens({ declarationsToken: token, timestamp: new Date() }).length).toBeLessThan(256);
  });

  it('are read as they were built', () => {
    const body = {
      type: 'com.apple.asset.data',
      identifier: 'i',
      serverToken: 's',
      payload: { a: [1, 'x'] },
    };
    expect(parseDeclaration(buildDeclaration(body))).toStrictEqual(body);
    for (const broken of [{}, { ...body, Payload: [] }, []])
      expect(() => parseDeclaration(bytes(broken))).toThrow(MdmProtocolError);
  });

  it('have the kind that their type says', () => {
    expect(declarationKindOf('com.apple.activation.simple')).toBe('activation');
    expect(declarationKindOf('com.apple.configuration.passcode.settings')).toBe('configuration');
    for (const none of ['com.apple.configuration', 'com.apple.constructor.x', 'org.apple.asset.x', ''])
      expect(declarationKindOf(none)).toBeUndefined();
  });
});

describe('status reports', () => {
  const reason = fc.record(
    { code: name, description: fc.string({ unit: 'grapheme-ascii', maxLength: 50 }) },
    { requiredKeys: ['code'], noNullPrototype: true },
  );
  const state = fc.record(
    {
      kind,
      identifier: name,
      serverToken: name,
      active: fc.boolean(),
      valid: fc.constantFrom('valid', 'invalid', 'unknown'),
      reasons: fc.array(reason, { maxLength: 5 }),
    },
    { noNullPrototype: true },
  );

  it('are read as they were built', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(state, { maxLength: 20 }), (full, states) => {
        const declarations = declarationKinds.flatMap((one) => states.filter((s) => s.kind === one));
        const report: StatusReport = { full, declarations };
        expect(parseStatusReport(buildStatusReport(report))).toStrictEqual(report);
      }),
      { numRuns: 200 },
    );
  });

  it('about other things say nothing about declarations', () => {
    expect(parseStatusReport(bytes({ StatusItems: { device: { model: {} } }, Errors: [] }))).toEqual({
      full: false,
    });
    expect(parseStatusReport(buildStatusReport({ full: true }))).toEqual({ full: true });
  });

  it('keep what they can of items that are not as they should be', () => {
    const configurations = [
      7,
      null,
      { identifier: 5 },
      { identifier: '' },
      { identifier: 'x'.repeat(129) },
      { identifier: 'odd', active: 'yes', valid: 'perhaps', reasons: [{}, 3, { code: 'a\u0000b' }] },
    ];
    const report = { StatusItems: { management: { declarations: { configurations, assets: 'none' } } } };
    expect(parseStatusReport(bytes(report))).toEqual({
      full: false,
      declarations: [
        {
          kind: 'configuration',
          identifier: 'odd',
          serverToken: '',
          active: false,
          valid: 'unknown',
          reasons: [{ code: 'unknown' }, { code: 'a b' }],
        },
      ],
    });
  });

  it.each([
    ['no JSON', Buffer.from('{')],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['no object', bytes([])],
    ['no StatusItems', bytes({})],
    ['StatusItems that are inherited', Buffer.from('{"__proto__":{"StatusItems":{}}}')],
    ['more than a megabyte', Buffer.alloc(1024 * 1024 + 1, ' ')],
    [
      'too many items',
      bytes({
        StatusItems: {
          management: {
            declarations: { assets: Array.from({ length: 1_001 }, () => ({ identifier: 'i' })) },
          },
        },
      }),
    ],
  ])('are refused with %s', (_, data) => {
    expect(() => parseStatusReport(data)).toThrow(MdmProtocolError);
  });

  it('made of anything are read or refused with MdmProtocolError', () => {
    const declarations = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom('assets', 'configurations', 'x'), fc.jsonValue()),
    );
    const shaped = fc.record({ StatusItems: fc.record({ management: fc.record({ declarations }) }) });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), shaped), (value) => {
        try {
          parseStatusReport(bytes(value));
        } catch (error) {
          if (!(error instanceof MdmProtocolError)) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });
});
