import type { Command } from 'commander';

/** What help says of a command besides its options. */
export interface About {
  readonly summary: string;
  /** More than one sentence, where that helps. */
  readonly description?: string;
  /** A line that works as it stands, once its names are replaced. */
  readonly example: string;
  /** More lines like it. */
  readonly examples?: readonly string[];
}

const ALSO = 'Also: --json, --yes, --profile <name> and what else espalier --help lists.';

/** Gives a command its help. Every command has an example; a test holds that. */
export function about(
  command: Command,
  {
    summary,
    description = `${summary[0]?.toUpperCase() ?? ''}${summary.slice(1)}.`,
    example,
    examples = [],
  }: About,
): Command {
  const all = [example, ...examples];
  return command
    .summary(summary)
    .description(description)
    .addHelpText(
      'after',
      `\nExample${all.length > 1 ? 's' : ''}:\n${all.map((line) => `  ${line}`).join('\n')}\n\n${ALSO}`,
    );
}

/** Adds a subcommand: `'show <device>'`. */
export function subcommand(parent: Command, usage: string, help: About): Command {
  const [name = '', ...parameters] = usage.split(' ');
  const command = parent.command(name);
  for (const parameter of parameters) command.argument(parameter);
  return about(command, help);
}
