import { declarationKinds } from '@espalier/mdm-protocol';
import fc from 'fast-check';
import { DeviceFaults } from '../device/device-faults.js';
import {
  DeclarationDocumentError,
  readDeclaration,
  readManifest,
  readTokens,
} from './declaration-documents.js';
import type { HeldDeclaration } from './declaration-state.js';
import { evaluateDeclarations } from './declaration-status.js';

const name = fc.constantFrom('a', 'b', 'c', 'd');
const item = fc.record({ Identifier: name, ServerToken: name }, { requiredKeys: [] });
const list = fc.oneof(fc.array(item, { maxLength: 3 }), fc.constant(undefined), fc.jsonValue());
const document = fc.oneof(
  fc.jsonValue(),
  fc.record({
    Declarations: fc.record({ Activations: list, Assets: list, Configurations: list, Management: list }),
    DeclarationsToken: fc.oneof(fc.string(), fc.constant('T'.repeat(300))),
  }),
  fc.record({
    Type: fc.constantFrom('com.apple.asset.data', 'com.apple.activation.simple', '', 'x'),
    Identifier: name,
    ServerToken: name,
    Payload: fc.jsonValue(),
  }),
);
const body = fc.oneof(
  document.map((value) => Buffer.from(JSON.stringify(value) ?? '')),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
);

describe('documents of declarative management', () => {
  it('are read or refused with one kind of error, whatever they hold', () => {
    const advertised = { kind: 'asset', identifier: 'a', serverToken: 'a' } as const;
    fc.assert(
      fc.property(body, (bytes) => {
        for (const read of [readTokens, readManifest, (it: Buffer) => readDeclaration(it, advertised)])
          try {
            read(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(DeclarationDocumentError);
          }
      }),
      { numRuns: 300 },
    );
  });

  it('are judged so that what is invalid has a reason and is not active, in any combination', () => {
    const payload = fc.record(
      {
        StandardConfigurations: fc.oneof(fc.array(name, { maxLength: 3 }), fc.jsonValue()),
        Predicate: fc.constantFrom('TRUEPREDICATE', 'FALSEPREDICATE', '1 == 1'),
        Echo: fc.string(),
        DeepAssetReference: name,
      },
      { requiredKeys: [] },
    );
    const type = fc.constantFrom(
      'activation.simple',
      'asset.data',
      'configuration.management.test',
      'asset.x',
    );
    const declarations = fc
      .array(fc.record({ name: type, identifier: name, payload, broken: fc.boolean() }), { maxLength: 8 })
      .map((all) =>
        all.map((one): HeldDeclaration => ({
          kind: declarationKinds.find((kind) => one.name.startsWith(kind))!,
          identifier: one.identifier,
          serverToken: '1',
          type: `com.apple.${one.name}`,
          payload: { ...one.payload },
          ...(one.broken && { problem: 'it is no JSON' }),
        })),
      );
    fc.assert(
      fc.property(declarations, (all) => {
        for (const { active, valid, reasons } of evaluateDeclarations(all, {
          platform: 'mac',
          osVersion: '26.1',
        }).values()) {
          if (active) expect(valid).toBe('valid');
          if (valid !== 'valid') expect([active, reasons.length > 0]).toEqual([false, true]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('patterns of profiles fit as the same patterns with a regular expression do', () => {
    const text = fc.array(fc.constantFrom('a', 'b', '.'), { maxLength: 8 }).map((all) => all.join(''));
    const pattern = fc
      .array(fc.constantFrom('a', 'b', '.', '*'), { maxLength: 6 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(pattern, text, (wanted, identifier) => {
        const faults = new DeviceFaults({ failProfiles: [wanted] }, Math.random);
        const expression = wanted.replaceAll('.', '\\.').replaceAll('*', '.*');
        expect(faults.failsProfile(identifier)).toBe(new RegExp(`^${expression}$`).test(identifier));
      }),
      { numRuns: 500 },
    );
  });
});
