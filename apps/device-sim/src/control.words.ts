import { UsageError } from './usage.error.js';

/** Keys whose values are JSON; the others are text, as a name may look like a number. */
const jsonKeys: ReadonlySet<string> = new Set(['value', 'force', 'count', 'faults']);

/** The control message in words: `remove-profile serial=… identifier=… force=true`. @throws UsageError */
export function controlMessageOf([what, ...pairs]: readonly string[]): Readonly<Record<string, unknown>> {
  if (what === undefined) throw new UsageError('tell needs to know what: device-sim tell status serial=…');
  return Object.fromEntries([['do', what], ...pairs.map(readPair)]);
}

function readPair(pair: string): readonly [string, unknown] {
  const at = pair.indexOf('=');
  if (at < 1) throw new UsageError(`“${pair}” is not of the form key=value.`);
  const [key, text] = [pair.slice(0, at), pair.slice(at + 1)];
  if (!jsonKeys.has(key)) return [key, text];
  try {
    return [key, JSON.parse(text) as unknown];
  } catch {
    return [key, text];
  }
}
