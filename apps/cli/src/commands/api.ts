import type { Command } from 'commander';
import { readInput } from '../api/files.js';
import type { Cli } from '../cli.js';
import { usageError } from '../cli.error.js';
import { readPair, several } from '../options.js';
import { printableJson } from '../terminal/printable.js';
import { about } from './define.js';

interface ApiOptions {
  readonly query?: readonly string[];
  readonly header?: readonly string[];
  readonly data?: string;
  readonly include?: boolean;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
const ASKS_NOT = new Set(['GET', 'HEAD']);

/** `espalier api`. */
export function api(command: Command, cli: Cli): void {
  about(command, {
    summary: 'send any request to the JSON API',
    description:
      'Send any request to the JSON API, with your sign-in. /api/v1/openapi.json describes it. A path without a slash at its beginning is below /api/v1.',
    example: `espalier api GET devices --query "filter=platform eq 'mac'" --query limit=5`,
    examples: [`espalier api POST enrollment-links --data '{"maxUses":1}'`],
  })
    .argument('<method>', 'GET, POST, PUT, PATCH, DELETE')
    .argument('<path>', 'as in devices/16777219')
    .option('-Q, --query <name=value>', 'part of the query; several times', several)
    .option('-H, --header <name: value>', 'a header; several times', several)
    .option('-d, --data <data>', 'the body: JSON, @FILE, or @- for standard input')
    .option('-I, --include', 'status and headers too, on standard error')
    .action(async (written: string, at: string, options: ApiOptions) => {
      const method = written.toUpperCase();
      if (!METHODS.has(method))
        throw usageError(`There is no method ${written}: ${[...METHODS].join(', ')}.`);
      const [path = '', ...before] = (at.startsWith('/') ? at : `/api/v1/${at}`).split('?');
      const query = Object.fromEntries([
        ...new URLSearchParams(before.join('?')),
        ...(options.query ?? []).map((pair) => trimmed(readPair(pair))),
      ]);
      const headers = Object.fromEntries((options.header ?? []).map((pair) => trimmed(readPair(pair, ':'))));
      const body = await readBody(cli, options.data);
      const reply = await cli.api.send({
        method,
        path,
        query,
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body }),
        neverTwice: !ASKS_NOT.has(method),
      });
      if (options.include === true) {
        cli.out.note(String(reply.status));
        for (const [name, value] of Object.entries(reply.headers)) cli.out.note(`${name}: ${String(value)}`);
      }
      show(cli, reply.body, reply.headers['content-type'] ?? '');
    });
}

async function readBody(cli: Cli, data: string | undefined): Promise<Buffer | undefined> {
  if (data === undefined) return undefined;
  return data.startsWith('@') ? readInput(cli.world, 'The body', data.slice(1)) : Buffer.from(data);
}

const trimmed = (pair: readonly string[]): string[] => pair.map((part) => part.trim());

/** JSON is laid out for whoever looks; anything else goes to a file or program as it is. */
function show({ out, world }: Cli, body: Buffer, contentType: string): void {
  if (body.length === 0) return;
  if (/json/.test(contentType)) out.line(printableJson(JSON.parse(body.toString('utf8')), 2));
  else if (world.stdout.isTTY === true) out.foreign(body.toString('utf8'));
  else out.bytes(body);
}
