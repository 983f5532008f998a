import { ConfigProfileError } from './config-profile.error.js';
import { inspectDeclaration } from './deployable-declaration.js';

const passcode = {
  Type: 'com.apple.configuration.passcode.settings',
  Identifier: 'com.example.passcode',
  Payload: { RequirePasscode: true, MinimumLength: 8 },
};

describe('inspectDeclaration', () => {
  it('tells kind and platforms of a configuration and of an asset', () => {
    expect(inspectDeclaration(passcode)).toEqual({
      kind: 'configuration',
      platforms: ['mac', 'iphone', 'ipad', 'vision', 'watch'],
      warnings: [],
    });
    expect(
      inspectDeclaration({ ...passcode, Type: 'com.apple.asset.useridentity', Payload: { FullName: 'A' } }),
    ).toMatchObject({ kind: 'asset', warnings: [] });
  });

  it("warns of what Apple's schema does not know", () => {
    expect(inspectDeclaration({ ...passcode, Payload: { MinimumLength: '8', More: 1 } }).warnings).toEqual([
      'Payload."MinimumLength" ought to be of type integer, says Apple\'s schema.',
      'Payload has the key "More", which Apple\'s schema does not know.',
    ]);
    expect(inspectDeclaration({ ...passcode, Type: 'com.apple.configuration.future' }).warnings).toEqual([
      "Apple's schema does not know the type com.apple.configuration.future.",
    ]);
  });

  it.each([
    ['an activation', { Type: 'com.apple.activation.simple' }, 'Type must begin with'],
    ['another type', { Type: 'x' }, 'Type must begin with'],
    ['65 bytes of identifier', { Identifier: `${'x'.repeat(63)}ä` }, 'Identifier is longer than 64 bytes'],
    ['an empty identifier', { Identifier: ' ' }, 'Identifier must not be empty'],
  ])('refuses %s', (_name, wrong, problem) => {
    expect(() => inspectDeclaration({ ...passcode, ...wrong })).toThrow(ConfigProfileError);
    expect(() => inspectDeclaration({ ...passcode, ...wrong })).toThrow(problem);
  });
});
