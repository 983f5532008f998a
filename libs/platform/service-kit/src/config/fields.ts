import { z } from 'zod';

/** Field schemas that several services' settings share. */
export const fields = {
  /** A TCP or UDP port; 0 lets the system choose. */
  port: (fallback: number) =>
    z.coerce.number('must be a port number').int().min(0).max(65_535).default(fallback),
  host: (fallback: string) => z.string().min(1).default(fallback),
  seconds: (fallback: number) => z.coerce.number('must be a number of seconds').positive().default(fallback),
  count: (fallback: number) => z.coerce.number('must be a whole number').int().positive().default(fallback),
  bytes: (fallback: number) =>
    z.coerce.number('must be a number of bytes').int().positive().default(fallback),
  flag: (fallback: boolean) =>
    z
      .enum(['true', 'false'], 'must be true or false')
      .default(fallback ? 'true' : 'false')
      .transform((value) => value === 'true'),
  path: () => z.string().min(1),
  /** `a,b,c` as a list, blanks dropped. */
  list: () =>
    z
      .string()
      .default('')
      .transform((text) =>
        text
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== ''),
      ),
} as const;
