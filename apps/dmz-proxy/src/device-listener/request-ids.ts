import { randomBytes } from 'node:crypto';

/** Ids of 32 hexadecimal digits: random per process, counted per request, so that one costs nothing. */
export function requestIds(): () => string {
  const prefix = randomBytes(10).toString('hex');
  let count = 0;
  return () => {
    count += 1;
    return prefix + count.toString(16).padStart(12, '0');
  };
}
