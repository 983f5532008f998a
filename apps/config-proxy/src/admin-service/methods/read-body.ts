import type { z } from 'zod';
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
