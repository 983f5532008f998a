import { commonErrors, messagingErrors, type EspalierError } from '@espalier/contracts';
import type { z } from 'zod';

/** Room that a stored message leaves for the headers it gets, on its way and as a dead letter. */
const HEADER_ROOM = 8 * 1024;
/** NATS's own default; a server may be told otherwise. */
export const DEFAULT_MAX_PAYLOAD = 1024 * 1024;

/** Field path to what is wrong with it. */
export function fieldErrors(error: z.ZodError): Record<string, string> {
  return Object.fromEntries(error.issues.map((issue) => [issue.path.join('.') || '(all)', issue.message]));
}

/**
 * Checks a value against its schema and writes what the schema lets through: unknown keys never leave the
 * process. Schemas on the wire must therefore accept their own output.
 * @throws EspalierError ESP_BAD_REQUEST
 */
export function encode(schema: z.ZodType, value: unknown, what: string): string {
  const result = schema.safeParse(value);
  if (!result.success)
    throw commonErrors.ESP_BAD_REQUEST({
      detail: `${what} does not fit its contract.`,
      fields: fieldErrors(result.error),
    });
  return toJson(result.data);
}

/** JSON has no `undefined`; contracts without a value carry null. */
export const toJson = (value: unknown): string => JSON.stringify(value ?? null);

/** @throws EspalierError ESP_MESSAGING_TOO_LARGE */
export function checkStoredSize(payload: string, what: string, maxPayload = DEFAULT_MAX_PAYLOAD): void {
  const size = Buffer.byteLength(payload);
  if (size > maxPayload - HEADER_ROOM) throw tooLarge(what, size, maxPayload - HEADER_ROOM);
}

export const tooLarge = (what: string, size: number, limit: number): EspalierError =>
  messagingErrors.ESP_MESSAGING_TOO_LARGE({ detail: `${what} has ${size} bytes; ${limit} are the limit.` });
