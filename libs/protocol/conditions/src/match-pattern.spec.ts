import type { Pattern, PatternPart } from './condition.js';
import { matchesPattern } from './match-pattern.js';

const text = (value: string): PatternPart => ({ kind: 'text', text: value });
const any: PatternPart = { kind: 'any' };
const one: PatternPart = { kind: 'one' };

describe('patterns', () => {
  it('match the whole text', () => {
    const cases: [Pattern, string, boolean][] = [
      [[], '', true],
      [[], 'a', false],
      [[text('ab')], 'ab', true],
      [[text('ab')], 'abc', false],
      [[any], '', true],
      [[one], '', false],
      [[one], '😀', true],
      [[any, text('ab'), any, text('b')], 'aaba', false],
      [[any, text('ab'), any, text('b')], 'aababb', true],
      [[text('a'), any, one], 'a', false],
      [[{ kind: 'set', negated: true, ranges: [{ from: 97, to: 102 }] }], 'g', true],
      [[{ kind: 'set', negated: true, ranges: [{ from: 97, to: 102 }] }], 'c', false],
    ];
    for (const [pattern, value, expected] of cases) {
      expect([pattern, value, matchesPattern(pattern, value)]).toEqual([pattern, value, expected]);
    }
  });

  it('take no longer than the pattern times the text', () => {
    const hard = Array.from({ length: 40 }, () => [any, text('a')]).flat();
    const startedAt = performance.now();
    expect(matchesPattern([...hard, text('b')], 'a'.repeat(1_000))).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
