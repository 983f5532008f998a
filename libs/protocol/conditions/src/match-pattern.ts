import type { Pattern, PatternPart } from './condition.js';

/** Whether the whole text matches the pattern; both in compared form. Characters are Unicode code points. */
export function matchesPattern(pattern: Pattern, text: string): boolean {
  const characters = Array.from(text);
  const steps = pattern.flatMap(toSteps);
  let step = 0;
  let at = 0;
  /** Where to go on when what follows the last `any` does not match: it takes one character more. */
  let retry: { readonly step: number; at: number } | undefined;
  while (at < characters.length || step < steps.length) {
    const current = steps[step];
    if (current === 'any') {
      step += 1;
      retry = { step, at };
    } else if (current !== undefined && at < characters.length && current(characters[at] as string)) {
      step += 1;
      at += 1;
    } else if (retry !== undefined && retry.at < characters.length) {
      retry.at += 1;
      ({ step, at } = retry);
    } else return false;
  }
  return true;
}

type Step = 'any' | ((character: string) => boolean);

function toSteps(part: PatternPart): Step[] {
  switch (part.kind) {
    case 'any':
      return ['any'];
    case 'one':
      return [() => true];
    case 'text':
      return Array.from(part.text, (wanted) => (character: string) => character === wanted);
    case 'set':
      return [
        (character) => {
          const code = character.codePointAt(0) ?? 0;
          return part.ranges.some(({ from, to }) => from <= code && code <= to) !== part.negated;
        },
      ];
  }
}
