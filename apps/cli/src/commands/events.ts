import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { followEvents, type Received } from '../connection/event-stream.js';
import { wholeNumber } from '../options.js';
import { printable } from '../terminal/printable.js';
import { showClock } from '../terminal/times.js';
import { subcommand } from './define.js';

interface FollowOptions {
  readonly types?: string;
  readonly after?: string;
  readonly count?: number;
}

/** `espalier events`. */
export function events(command: Command, cli: Cli): void {
  subcommand(command, 'follow', {
    summary: 'show events as they happen, until Ctrl-C',
    description:
      'Show events as they happen, until Ctrl-C. Where the connection breaks it goes on after the last event. With --json one event a line; its id can be given to --after later.',
    example: 'espalier events follow --types "command.*,enrollment.*"',
    examples: ['espalier events follow --json --after 4711 >> events.jsonl'],
  })
    .option('-t, --types <types>', 'only these, separated by commas; "command.*" means all of a kind')
    .option('--after <id>', 'begin after this event instead of now')
    .option('-n, --count <count>', 'end after so many', wholeNumber(1, 1_000_000_000))
    .action(async ({ types, after, count = Infinity }: FollowOptions) => {
      let left = count;
      const asked = { ...(types !== undefined && { types }), ...(after !== undefined && { after }) };
      const received = followEvents(cli.api, asked, (because) =>
        cli.out.note(`${because} Going on after the last event.`),
      );
      for await (const event of received) {
        show(cli, event);
        left -= 1;
        if (left <= 0) break;
      }
    });
}

function show({ out }: Cli, { id, type, data }: Received): void {
  if (out.isJson) {
    out.jsonLine({ id, ...data });
    return;
  }
  const facts = Object.entries(data.payload).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const line = `${showClock(data.publishedAt)}  ${out.style('bold', type.padEnd(24))}  `;
  out.line(line + printable(facts.join(' ')));
}
