import { isEspalierError, scriptParameterSchema, type ScriptParameter } from '@espalier/contracts';
import fc from 'fast-check';
import {
  base64OfText,
  readParameters,
  readScriptContent,
  textOfBase64,
  writeParameters,
} from './script-parameters.xml.js';

const wellFormed = fc.string({ unit: 'binary', maxLength: 60 }).map((text) => text.replaceAll('\0', ''));
const parameter: fc.Arbitrary<ScriptParameter> = fc.record({
  name: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/),
  description: wellFormed,
  isRequired: fc.boolean(),
  defaultValue: fc.oneof(
    fc.constant(null),
    wellFormed.filter((text) => text !== ''),
  ),
});

describe('parameters of scripts as ConfigMgr writes them', () => {
  it('come back as they were written, plain and in base64', () => {
    fc.assert(
      fc.property(fc.array(parameter, { maxLength: 5 }), (parameters) => {
        const xml = writeParameters(parameters);
        expect(readParameters(xml)).toEqual(parameters);
        expect(readParameters(base64OfText(xml))).toEqual(parameters);
        expect(readParameters(Buffer.from(xml).toString('base64'))).toEqual(parameters);
      }),
      { numRuns: 200 },
    );
  });

  it('are read from any text, or refused: nothing else comes of it', () => {
    const pieces = fc.constantFrom(
      '<ScriptParameters>',
      '<ScriptParameter ',
      'Name="a"',
      "ParameterName='b'",
      '"',
      "'",
      '&#x110000;',
      '&amp;',
      '>',
      "<ScriptContent ScriptGuid='x'>",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 20 }), (parts) => {
        const xml = parts.join(' ');
        for (const read of [readParameters, (text: string) => readScriptContent(base64OfText(text))])
          try {
            read(xml);
          } catch (error) {
            expect(isEspalierError(error) && error.status).toBe(400);
          }
      }),
      { numRuns: 500 },
    );
  });

  it('cost no more than they are long', () => {
    const hostile = `<ScriptParameters>${'<ScriptParameter Name="a'.repeat(2_500)}`;
    const begun = performance.now();
    expect(readParameters(hostile)).toEqual([]);
    const word = 'a'.repeat(63_000);
    expect(readParameters(`<ScriptParameters><ScriptParameter ${word}></ScriptParameters>`)).toHaveLength(1);
    expect(() => readScriptContent(base64OfText(`<ScriptContent ${word}>`))).toThrow('ScriptGuid');
    expect(performance.now() - begun).toBeLessThan(500);
    expect(() => readParameters(`<ScriptParameters>${'x'.repeat(64_000)}`)).toThrow('64,000');
  });

  it('are named by what each is', () => {
    const [read] = readParameters(
      '<ScriptParameters><ScriptParameter Name="A" IsRequired="TRUE"/></ScriptParameters>',
    );
    expect(scriptParameterSchema.parse(read)).toEqual({
      name: 'A',
      description: '',
      isRequired: true,
      defaultValue: null,
    });
  });

  it.each([
    ['UTF-16 with a mark', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('ä😀', 'utf16le')])],
    ['UTF-8', Buffer.from('ä😀')],
    ['UTF-8 with a mark', Buffer.from('\ufeffä😀')],
  ])('stand in texts of %s', (_what, bytes) => {
    expect(textOfBase64('Script', bytes.toString('base64'))).toBe('ä😀');
  });
});
