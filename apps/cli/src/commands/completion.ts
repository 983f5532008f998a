import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { usageError } from '../cli.error.js';
import { COMPLETE } from '../complete-word.js';
import { about } from './define.js';

/** Each asks the program itself, so that it never knows other words than the program; files where it knows none. */
const scripts: Readonly<Record<string, string>> = {
  bash: `_espalier() {
  local IFS=$'\\n'
  COMPREPLY=($(espalier ${COMPLETE} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _espalier espalier`,
  zsh: `#compdef espalier
_espalier() {
  local -a words_known
  words_known=("\${(@f)$(espalier ${COMPLETE} "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${words_known[1]}" ]]; then compadd -- "\${words_known[@]}"; else _files; fi
}
compdef _espalier espalier`,
  fish: `function __espalier_complete
  set -l typed (commandline -opc) (commandline -ct)
  espalier ${COMPLETE} $typed[2..-1] 2>/dev/null
end
complete -c espalier -a '(__espalier_complete)'`,
};

/** `espalier completion`. */
export function completion(command: Command, cli: Cli): void {
  about(command, {
    summary: 'completion for bash, zsh and fish',
    description:
      'Prints what makes a shell complete commands and options. Put it where the shell reads it at its start.',
    example: 'source <(espalier completion bash)',
    examples: [
      'espalier completion zsh > ~/.zfunc/_espalier',
      'espalier completion fish > ~/.config/fish/completions/espalier.fish',
    ],
  })
    .argument('<shell>', 'bash, zsh or fish')
    .action((shell: string) => {
      const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
      if (script === undefined) throw usageError(`There is no completion for ${shell}: bash, zsh, fish.`);
      cli.out.line(script);
    });
}
