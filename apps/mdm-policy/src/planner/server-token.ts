import { createHash } from 'node:crypto';

/**
 * The ServerToken of a declaration: its version, and another one with each renewal. A device processes a declaration
 * that it holds anew only where that has changed (Apple, "Declarative management"). The same for all enrolments, so
 * that those in the same trouble share a set.
 */
export function serverTokenOf(version: string, renewals = 0): string {
  return renewals === 0 ? version : createHash('sha256').update(`${version} ${renewals}`).digest('hex');
}
