import { findProperty, suggestName } from './names.js';
import type { PropertyModel, PropertyType } from './model.js';
import { literalFor, parseTime, textProblem, type GivenValue } from './values.js';

const property = (type: PropertyType, foldedColumn?: string): PropertyModel => ({
  name: 'It',
  type,
  column: 'it',
  ...(foldedColumn !== undefined && { foldedColumn }),
});

class Refusal extends Error {}
const read = (model: PropertyModel, given: GivenValue): string | number =>
  literalFor(model, given, (problem) => {
    throw new Refusal(problem);
  }).value;

describe('values', () => {
  it('take the type of the property', () => {
    expect(read(property('text', 'it_folded'), { kind: 'text', value: 'ÄB' })).toBe('äb');
    expect(read(property('text'), { kind: 'text', value: 'ÄB' })).toBe('ÄB');
    expect(read(property('integer'), { kind: 'integer', value: -5 })).toBe(-5);
    expect(read(property('integer'), { kind: 'text', value: '16777219' })).toBe(16_777_219);
    expect(read(property('flag'), { kind: 'flag', value: true })).toBe(1);
    expect(read(property('flag'), { kind: 'text', value: 'False' })).toBe(0);
    expect(read(property('time'), { kind: 'integer', value: 5 })).toBe(5);
  });

  it('are refused where they do not fit, with what would', () => {
    const refused: [PropertyType, GivenValue, string][] = [
      ['text', { kind: 'integer', value: 15 }, 'quotes'],
      ['integer', { kind: 'text', value: '1.5' }, 'whole number'],
      ['integer', { kind: 'text', value: '9999999999999999' }, 'whole number'],
      ['integer', { kind: 'flag', value: true }, 'whole number'],
      ['flag', { kind: 'integer', value: 2 }, 'true (1) or false (0)'],
      ['time', { kind: 'text', value: '21.11.2026' }, '2026-11-21T10:00:00Z'],
      ['time', { kind: 'integer', value: 9e15 }, '2026-11-21T10:00:00Z'],
    ];
    for (const [type, given, message] of refused) {
      expect(() => read(property(type), given)).toThrow(message);
    }
  });

  it('are times as people and WMI write them', () => {
    const ten = Date.UTC(2026, 10, 21, 10);
    for (const text of [
      '2026-11-21T10:00:00Z',
      '2026-11-21t10:00:00.000z',
      '2026-11-21 10:00:00',
      '2026-11-21 10:00',
      '2026-11-21T11:00:00+01:00',
      '20261121100000.000000+000',
      '20261121110000.000000+060',
    ]) {
      expect([text, parseTime(text)]).toEqual([text, ten]);
    }
    expect(parseTime('2026-11-21')).toBe(Date.UTC(2026, 10, 21));
    for (const text of [
      '2026-02-30',
      '2026-13-01',
      '2026-11-21T24:01',
      '20260230000000.000000+000',
      'now',
      '',
    ]) {
      expect([text, parseTime(text)]).toEqual([text, undefined]);
    }
  });

  it('are no texts that a database cannot hold', () => {
    expect(textProblem('a\0')).toBeDefined();
    expect(textProblem('\ud800')).toBeDefined();
    expect(textProblem('a'.repeat(1_001))).toContain('1000');
    expect(textProblem('😀')).toBeUndefined();
  });
});

describe('names', () => {
  const model = { name: 'C', table: 'c', keyColumn: 'id', single: true, properties: [property('text')] };

  it('are found in any case, and ResourceId in every class', () => {
    expect(findProperty(model, 'IT')).toBe(model.properties[0]);
    expect(findProperty(model, 'resourceID')).toMatchObject({ column: 'id', type: 'integer' });
    expect(findProperty(model, '__proto__')).toBeUndefined();
  });

  it('are suggested where one is near, else listed', () => {
    expect(suggestName('Nmae', ['Name', 'Model'])).toBe('Did you mean "Name"?');
    expect(suggestName('x'.repeat(8_000), ['Name'])).toBe('There is: Name.');
    expect(
      suggestName(
        'q',
        Array.from('abcdefghijklmn'.repeat(1)).map((letter) => `${letter}-long`),
      ),
    ).toContain('and 2 more');
  });
});
