import type { Command } from 'commander';
import type { Cli } from './cli.js';
import { createProgram, fill } from './program.js';

/**
 * What may stand in the place of the last word, in the order of help.
 * @param words what follows `espalier`; the last one is being typed and may be empty
 */
export async function complete(cli: Cli, words: readonly string[]): Promise<string[]> {
  const begun = words.at(-1) ?? '';
  const program = createProgram(cli, '');
  let command: Command = program;
  let before: string | undefined;
  for (const word of words.slice(0, -1)) {
    before = word;
    const next = command.commands.find((known) => known.name() === word);
    if (next === undefined) continue;
    command = next;
    await fill(command, cli);
  }
  const choices = choicesAfter(command, program, before);
  if (choices !== undefined) return choices.filter((choice) => choice.startsWith(begun));
  const options = [...command.options, ...(command === program ? [] : program.options)];
  const possible = begun.startsWith('-')
    ? [...options.map(({ long }) => long ?? ''), '--help']
    : command.commands.map((known) => known.name());
  return possible.filter((word) => word !== '' && word.startsWith(begun));
}

/** Values of the option before; none where it takes any; undefined where no option stands before. */
function choicesAfter(
  command: Command,
  program: Command,
  before: string | undefined,
): readonly string[] | undefined {
  const option = [...command.options, ...program.options].find(
    ({ long, short }) => before !== undefined && (before === long || before === short),
  );
  if (option === undefined || !option.required) return undefined;
  return option.argChoices ?? [];
}
