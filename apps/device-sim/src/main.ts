#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { isEspalierError } from '@espalier/contracts';
import { parseInvocation } from './arguments.js';
import { commands } from './commands.js';
import { help } from './help.js';
import { jsonOutput, readableOutput } from './output.js';
import { UsageError } from './usage.error.js';

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

async function main(args: readonly string[]): Promise<number> {
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  if (args.length === 0 || args.includes('--help') || args[0] === 'help') {
    write(help);
    return args.length === 0 ? 2 : 0;
  }
  if (args[0] === '--version') {
    write(version());
    return 0;
  }
  const { command, values, words } = parseInvocation(args);
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // The reader of the lines is gone: there is nobody left to run for.
  process.stdout.on('error', stop);
  return commands[command](
    values,
    (values.flag('json') ? jsonOutput : readableOutput)(write),
    stopping.signal,
    words,
  );
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError) && !isEspalierError(error)) throw error;
  process.stderr.write(`device-sim: ${error.message}\n`);
  if (isEspalierError(error) && error.mend !== undefined) process.stderr.write(`  ${error.mend}\n`);
  if (error instanceof UsageError) process.stderr.write('  See device-sim --help.\n');
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
