#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { Cli } from './cli.js';
import { CliError, usageError } from './cli.error.js';
import { exitCodes } from './exit-codes.js';
import { COMPLETE } from './complete-word.js';
import { createProgram, isHelpShown } from './program.js';

const atEnd = new Set<() => void>();
const cli = new Cli(
  {
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    now: () => new Date(),
    onEnd: (restore) => {
      atEnd.add(restore);
      return () => atEnd.delete(restore);
    },
  },
  process.argv.includes('--json'),
);

for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
] as const)
  process.once(signal, () => {
    for (const restore of atEnd) restore();
    process.exit(128 + number);
  });
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads has seen enough, as head does.
  if (error.code === 'EPIPE') process.exit(exitCodes.ok);
  cli.out.failure(new CliError(`The result cannot be written: ${error.message}`));
  process.exit(exitCodes.failed);
});
// Nobody is left to be told.
process.stderr.on('error', () => undefined);

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

async function main(args: readonly string[]): Promise<number> {
  if (args[0] === COMPLETE) {
    const { complete } = await import('./complete.js');
    for (const word of await complete(cli, args.slice(1))) cli.out.line(word);
    return exitCodes.ok;
  }
  // `help devices list` is `devices list --help`: the group is loaded on the way.
  const words = args[0] === 'help' ? [...args.slice(1), '--help'] : args;
  const program = createProgram(cli, version());
  try {
    await program.parseAsync(words, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    if (isHelpShown(error)) return exitCodes.ok;
    if (error instanceof CommanderError) {
      if (cli.out.isJson) cli.out.failure(usageErrorOf(error));
      return exitCodes.usage;
    }
    if (!(error instanceof CliError)) throw error;
    cli.out.failure(error);
    return error.exitCode;
  } finally {
    cli.close();
  }
}

/** What commander finds wrong; without a subcommand it only shows help. */
function usageErrorOf({ code, message }: CommanderError): CliError {
  const what = code === 'commander.help' ? 'A command is missing.' : message.replace(/^error: /, '');
  return usageError(what, '--help tells more.');
}

process.exitCode = await main(process.argv.slice(2));
