import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second wherever it tells user space (USER_HZ). */
const MS_PER_TICK = 10;

/** CPU times can be read where Linux's /proc is. */
export const cpuTimeIsKnown = process.platform === 'linux';

/**
 * CPU time, user and system, that a process and its children have used so far, in ms. NaN where it cannot be read.
 * Includes children that have ended, if the process waited for them, as PostgreSQL does.
 * @param {number} pid
 */
export function cpuTimeOf(pid) {
  if (!cpuTimeIsKnown) return Number.NaN;
  // Children first: one that ends in between is missed, and not counted twice.
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(name))
    .filter((stat) => stat?.parent === pid);
  return [...children, statOf(String(pid))].reduce((sum, stat) => sum + (stat?.ms ?? 0), 0);
}

/** See proc(5), /proc/pid/stat. */
function statOf(/** @type {string} */ pid) {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses, which may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { parent: Number(fields[1]), ms: ticks * MS_PER_TICK };
}
