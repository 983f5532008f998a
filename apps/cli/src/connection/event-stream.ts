import { setTimeout as pause } from 'node:timers/promises';
import type { LiveEvent } from '@espalier/contracts';
import { CliError } from '../cli.error.js';
import type { ApiClient } from './api.client.js';
import { connectionFailure, mayPass, silence } from './failures.js';

/** One event, with the position after which one goes on. */
export interface Received {
  readonly id: string;
  readonly type: string;
  readonly data: LiveEvent;
}

interface Block {
  /** Position of the stream, undefined where the block does not move it. */
  readonly id: string | undefined;
  readonly type: string;
  /** Undefined where it only says how far the stream is. */
  readonly data: string | undefined;
}

/** The server says something at least every 15 seconds. */
const SILENCE_MS = 45_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** Far above the largest event. */
const LONGEST_BLOCK = 4 * 1024 * 1024;

/**
 * Live events, going on after the last one where the connection breaks, so that none is lost.
 * @param onBreak called before each new attempt
 * @throws ApiError where the server refuses, CliError where it was never reached
 */
export async function* followEvents(
  api: ApiClient,
  { types, after }: { readonly types?: string; readonly after?: string },
  onBreak: (because: string) => void,
): AsyncGenerator<Received> {
  let last = after;
  let wasReached = false;
  for (let failures = 0; ; failures += 1) {
    try {
      for await (const block of blocksOf(api, types, last)) {
        failures = 0;
        wasReached = true;
        if (block.type === 'dropped') {
          onBreak(`The server ended the stream: ${block.data ?? ''}`);
          break;
        }
        last = block.id ?? last;
        if (block.data !== undefined)
          yield { id: last ?? '', type: block.type, data: JSON.parse(block.data) as LiveEvent };
      }
    } catch (error) {
      const failure = error instanceof CliError ? error : await connectionFailure(error, api.settings);
      if (!wasReached || !mayPass(failure)) throw failure;
      onBreak(failure.message);
    }
    await pause(Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS));
  }
}

async function* blocksOf(
  api: ApiClient,
  types: string | undefined,
  last: string | undefined,
): AsyncGenerator<Block> {
  const response = await api.open({
    method: 'GET',
    path: '/api/v1/events',
    query: { types },
    headers: { accept: 'text/event-stream', ...(last !== undefined && { 'last-event-id': last }) },
  });
  response.setTimeout(SILENCE_MS, () => response.destroy(silence()));
  response.setEncoding('utf8');
  let pending = '';
  for await (const chunk of response) {
    const blocks = (pending + String(chunk)).split('\n\n');
    pending = blocks.pop() ?? '';
    if (pending.length > LONGEST_BLOCK) throw new CliError('An event of the server has no end.');
    for (const block of blocks) {
      const parsed = parseBlock(block);
      if (parsed !== undefined) yield parsed;
    }
  }
}

/** One block of the stream; undefined where it is only a comment. HTML Standard §9.2.6. */
export function parseBlock(block: string): Block | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trimStart());
  }
  const [id, data] = [fields.get('id'), fields.get('data')];
  if (id === undefined && data === undefined) return undefined;
  return { id, type: fields.get('event') ?? 'message', data };
}
