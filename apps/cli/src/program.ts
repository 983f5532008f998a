import { Command, CommanderError } from 'commander';
import type { Cli } from './cli.js';
import { groups } from './groups.js';
import { terminalWidth } from './world.js';
import { addGlobalOptions, type GlobalOptions } from './options.js';

/** The command line: only the names of the groups; each is loaded when it is used. */
export function createProgram(cli: Cli, version: string): Command {
  const program = addGlobalOptions(new Command('espalier'))
    .description('Manages Macs, iPhones and iPads over the console door of Espalier.')
    .version(version, '--version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .showHelpAfterError('(--help tells more.)')
    .configureOutput({
      writeOut: (text) => void cli.world.stdout.write(text),
      // For programs main.ts writes it, as JSON.
      writeErr: (text) => void (cli.out.isJson || cli.world.stderr.write(text)),
      getOutHelpWidth: () => terminalWidth(cli.world.stdout),
      getErrHelpWidth: () => terminalWidth(cli.world.stderr),
      outputError: (text, write) => write(text.replace(/^error: /, 'espalier: ')),
    })
    .exitOverride()
    .addHelpText(
      'after',
      `
Examples:
  espalier login --url https://espalier.example.com:8760
  espalier devices list --search anna
  espalier explain mac-042 "Security baseline"

espalier <command> --help shows a command's options and an example.`,
    );
  for (const { name, summary, heading } of groups)
    program.commandsGroup(heading).command(name).description(summary).helpCommand(false);
  program.hook('preSubcommand', (_, command) => fill(command, cli));
  program.hook('preAction', () => cli.configure(program.opts<GlobalOptions>()));
  return program;
}

const filled = new WeakSet<Command>();

/** Loads what a group consists of. */
export async function fill(command: Command, cli: Cli): Promise<void> {
  const group = groups.find(({ name }) => name === command.name());
  if (group === undefined || filled.has(command)) return;
  filled.add(command);
  (await group.load())(command, cli);
}

/** True for what commander throws to end after it showed help, or the version. */
export function isHelpShown(error: unknown): error is CommanderError {
  return (
    error instanceof CommanderError && ['commander.helpDisplayed', 'commander.version'].includes(error.code)
  );
}
