import fc from 'fast-check';
import { activationIdentifier, declarationSet } from './declaration-set.js';

const TYPE = 'com.apple.configuration.passcode.settings';

describe('a set of declarations', () => {
  it('activates each configuration, and nothing else', () => {
    const set = declarationSet([
      { identifier: 'b', version: '2', type: TYPE, payload: { RequirePasscode: true } },
      { identifier: 'a', version: '1', type: 'com.apple.asset.data', payload: {} },
    ]);
    expect(set.map(({ identifier, type, serverToken }) => [identifier, type, serverToken.length])).toEqual([
      ['a', 'com.apple.asset.data', 1],
      ['b', TYPE, 1],
      ['b.activation', 'com.apple.activation.simple', 64],
    ]);
    expect(set[2]?.payload).toEqual({ StandardConfigurations: ['b'] });
  });

  it('renews a declaration and its activation by their server tokens alone, the same for every enrolment', () => {
    const configuration = { identifier: 'b', version: '2', type: TYPE, payload: { RequirePasscode: true } };
    const sets = [undefined, 1, 2, 2].map((renewals) => declarationSet([{ ...configuration, renewals }]));
    const tokens = sets.map((set) => set.map(({ serverToken }) => serverToken));
    expect(new Set(tokens.flat()).size).toBe(6);
    expect(tokens[2]).toEqual(tokens[3]);
    for (const token of tokens.flat()) expect(Buffer.byteLength(token)).toBeLessThanOrEqual(64);
    const rest = sets.map((set) => set.map(({ serverToken: _, ...others }) => others));
    for (const others of rest) expect(others).toEqual(rest[0]);
  });

  it('names activations in 64 octets, each configuration another one', () => {
    const names = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 64 }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(names, (identifiers) => {
        const activations = identifiers.map(activationIdentifier);
        expect(new Set(activations).size).toBe(identifiers.length);
        for (const activation of activations) expect(Buffer.byteLength(activation)).toBeLessThanOrEqual(64);
      }),
      { numRuns: 100 },
    );
  });
});
