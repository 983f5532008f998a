import { z } from 'zod';
import { invalid } from './collection-rule.body.js';

/** @throws EspalierError ESP_ADMIN_SERVICE_REQUEST_INVALID naming every field that is wrong */
export function readBody<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(
    parsed.error.issues
      .slice(0, 5)
      .map(({ path, message }) => `${path.join('.') || 'The body'}: ${message}.`)
      .join(' '),
  );
}

/** A list; PowerShell makes a list of one to its only element where nobody takes care. */
export const oneOrMore = <T extends z.ZodType>(element: T, most: number) =>
  z.preprocess(
    (given) => (Array.isArray(given) || given === null ? given : [given]),
    z.array(element).max(most),
  );

/** A number of ConfigMgr's, which scripts also send as a text. */
export const numeric = <T extends z.ZodType>(number: T) =>
  z.preprocess(
    (given) => (typeof given === 'string' && /^[0-9]{1,9}$/.test(given) ? Number(given) : given),
    number,
  );
