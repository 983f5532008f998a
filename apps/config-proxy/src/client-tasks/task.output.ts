import type { ClientTaskKind, ClientTaskState } from '@espalier/contracts';
import { z } from 'zod';

/** What is kept of the output of a task. */
export const MAX_OUTPUT_BYTES = 80 * 1_024;

const rowsSchema = z.array(z.record(z.string(), z.unknown()));

export interface KeptOutput {
  readonly text: string;
  readonly bytes: number;
  readonly isTruncated: boolean;
}

/** The beginning of an output as text: bytes that are no UTF-8 are replaced, and no character is cut in half. */
export function keepOutput(output: Uint8Array | string): KeptOutput {
  const sent = typeof output === 'string' ? Buffer.from(output) : Buffer.from(output);
  const isTruncated = sent.length > MAX_OUTPUT_BYTES;
  let text = sent.subarray(0, isTruncated ? wholeCharacters(sent, MAX_OUTPUT_BYTES) : undefined).toString();
  // Every byte that is no UTF-8 becomes three.
  if (Buffer.byteLength(text) > MAX_OUTPUT_BYTES) {
    const replaced = Buffer.from(text);
    text = replaced.subarray(0, wholeCharacters(replaced, MAX_OUTPUT_BYTES)).toString();
    return { text, bytes: Buffer.byteLength(text), isTruncated: true };
  }
  return { text, bytes: Buffer.byteLength(text), isTruncated };
}

/** Rows that a device answered a CMPivot query with; undefined where it did not, or its output is no list of rows. */
export function answeredRows(
  kind: ClientTaskKind,
  { state, output }: { readonly state: ClientTaskState; readonly output: string },
): Record<string, unknown>[] | undefined {
  if (kind !== 'cmpivot' || state !== 'succeeded') return undefined;
  try {
    return rowsSchema.safeParse(JSON.parse(output)).data;
  } catch {
    return undefined;
  }
}

/** Where the last character ends that fits: continuation bytes are 10xxxxxx (RFC 3629 §3). */
function wholeCharacters(bytes: Buffer, most: number): number {
  let end = most;
  while (end > most - 4 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return end;
}
