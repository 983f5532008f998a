import type { Script, ScriptLanguage, ScriptParameter } from '@espalier/contracts';
import { Option, type Command } from 'commander';
import { readInput } from '../api/files.js';
import { showList } from '../api/list.js';
import { findScript } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { usageError } from '../cli.error.js';
import { path } from '../connection/path.js';
import { addListOptions, several, type ListOptions } from '../options.js';
import { minor, number, text, whole } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';
import { subcommand } from './define.js';
import { deleteConfirmed } from './deletion.js';
import { runs } from './script.runs.js';

interface WriteOptions {
  readonly name?: string;
  readonly language?: ScriptLanguage;
  readonly parameter?: readonly string[];
  readonly required?: readonly string[];
}

const PATH = '/api/v1/scripts';
const LANGUAGES = ['zsh', 'shell', 'python', 'powershell'] as const satisfies readonly ScriptLanguage[];
/** By the first line, or by the ending of the file. */
const signs: readonly (readonly [RegExp, RegExp, ScriptLanguage])[] = [
  [/^#!.*\bzsh\b/, /\.zsh$/i, 'zsh'],
  [/^#!.*\bpython[0-9.]*\b/, /\.py$/i, 'python'],
  [/^#!.*\bpwsh\b/, /\.ps1$/i, 'powershell'],
  [/^#!.*\b(ba|da|k)?sh\b/, /\.sh$/i, 'shell'],
];

/** `espalier scripts`. */
export function scripts(command: Command, cli: Cli): void {
  addListOptions(
    subcommand(command, 'list', {
      summary: 'list scripts',
      example: `espalier scripts list --filter "approvalState eq 'waiting'"`,
    }),
    "approvalState eq 'waiting'",
  ).action((options: ListOptions) =>
    showList<Script>(
      cli,
      {
        path: PATH,
        columns: [
          whole('ID', ({ id }) => id),
          text('NAME', ({ name }) => name),
          whole('LANGUAGE', ({ language }) => language),
          number('VERSION', ({ scriptVersion }) => scriptVersion),
          whole('STATE', ({ approvalState }) => approvalState),
          text('AUTHOR', ({ author }) => author),
          minor(text('DECIDED BY', ({ approver }) => approver)),
          minor(whole('CHANGED', ({ changedAt }) => showTime(changedAt))),
        ],
        nothing: 'No script fits.',
      },
      options,
    ),
  );

  subcommand(command, 'show <script>', {
    summary: 'see a script',
    description: 'See a script. It is named by its id or its exact name.',
    example: 'espalier scripts show "Free space" --text',
  })
    .option('--text', 'also its text; needs reach over the whole site')
    .action(async (name: string, options: { readonly text?: boolean }) => {
      const script = await findScript(cli.api, name);
      await showScript(cli, script, options.text === true);
    });

  addWriteOptions(
    subcommand(command, 'create <file>', {
      summary: 'make a script, which waits for approval',
      description: 'Make a script of a file; "-" reads standard input. It runs nowhere until it is approved.',
      example: 'espalier scripts create free-space.zsh --name "Free space"',
    }),
  ).action(async (file: string, options: WriteOptions) => {
    const script = await readScript(cli, file);
    const { name, language = languageOf(script, file) } = options;
    if (name === undefined) throw usageError('Say what it is called: --name.');
    if (language === undefined)
      throw usageError(`Say what it is written in: --language ${LANGUAGES.join(', ')}.`);
    const parameters = parametersOf(options) ?? [];
    await showScript(
      cli,
      await cli.api.post<Script>(PATH, { name, language, text: script, parameters }),
      false,
    );
  });

  addWriteOptions(
    subcommand(command, 'change <script> [file]', {
      summary: 'change a script; with another text it waits for approval again',
      example: 'espalier scripts change "Free space" free-space.zsh',
    }),
  ).action(async (asked: string, file: string | undefined, options: WriteOptions) => {
    const { id, version } = await findScript(cli.api, asked);
    const { name, language } = options;
    const parameters = parametersOf(options);
    const body = {
      ...(name !== undefined && { name }),
      ...(language !== undefined && { language }),
      ...(parameters !== undefined && { parameters }),
      ...(file !== undefined && { text: await readScript(cli, file) }),
    };
    if (Object.keys(body).length === 0) throw usageError('Say what to change: a file, or options.');
    const changed = await cli.api.change<Script>('PATCH', path`/api/v1/scripts/${id}`, body, version);
    await showScript(cli, changed, false);
  });

  for (const [verb, summary, question] of [
    ['approve', 'approve what somebody else wrote', 'Approve this script for all devices'],
    ['deny', 'deny a script; what waits for devices is taken back', 'Deny this script'],
  ] as const)
    subcommand(command, `${verb} <script>`, {
      summary,
      description: `${summary[0]?.toUpperCase() ?? ''}${summary.slice(1)}. Its text is shown first. Nobody decides on what they wrote themselves.`,
      example: `espalier scripts ${verb} "Free space"`,
    })
      .option('--comment <text>', 'why; shown to everybody')
      .action((name: string, { comment }: { readonly comment?: string }) =>
        decide(cli, name, { verb, question, comment }),
      );

  subcommand(command, 'delete <script>', {
    summary: 'delete a script; what waits for devices is taken back',
    example: 'espalier scripts delete "Free space"',
  }).action(async (name: string) => {
    const { id, name: known } = await findScript(cli.api, name);
    await deleteConfirmed(cli, {
      path: path`/api/v1/scripts/${id}`,
      id,
      question: `Delete the script ${known}?`,
      done: `${known} is deleted.`,
    });
  });

  runs(command, cli);
}

function addWriteOptions(command: Command): Command {
  return command
    .option('--name <name>', 'what it is called')
    .addOption(
      new Option('--language <language>', 'default: by its first line or ending').choices([...LANGUAGES]),
    )
    .option('--parameter <name[=default]>', 'a parameter; may be given several times', several)
    .option('--required <name>', 'a parameter without which it does not run', several);
}

/** Decides about exactly what was shown: what has changed since is not what they mean. */
async function decide(
  cli: Cli,
  name: string,
  how: { readonly verb: 'approve' | 'deny'; readonly question: string; readonly comment: string | undefined },
): Promise<void> {
  const { verb, question, comment } = how;
  const script = await findScript(cli.api, name);
  if (!cli.out.isJson) await showScript(cli, script, true);
  await cli.confirm(`${question}: ${script.name}, version ${script.scriptVersion}, ${script.sha256}?`);
  const body = comment === undefined ? {} : { comment };
  const decided = await cli.api.change<Script>(
    'POST',
    path`/api/v1/scripts/${script.id}/${verb}`,
    body,
    script.version,
  );
  cli.out.result(decided, () => cli.out.say(`It is ${decided.approvalState}.`));
}

async function readScript({ world }: Cli, file: string): Promise<string> {
  const bytes = await readInput(world, 'The script', file);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw usageError('The script must be text in UTF-8.');
  }
}

const languageOf = (script: string, file: string): ScriptLanguage | undefined =>
  signs.find(([line]) => line.test(script))?.[2] ?? signs.find(([, ending]) => ending.test(file))?.[2];

function parametersOf({ parameter = [], required = [] }: WriteOptions): ScriptParameter[] | undefined {
  if (parameter.length + required.length === 0) return undefined;
  const optional = parameter.map((given) => {
    const at = given.indexOf('=');
    return {
      name: at < 0 ? given : given.slice(0, at),
      description: '',
      isRequired: false,
      defaultValue: at < 0 ? null : given.slice(at + 1),
    };
  });
  return [
    ...required.map((name) => ({ name, description: '', isRequired: true, defaultValue: null })),
    ...optional,
  ];
}

async function showScript(cli: Cli, script: Script, withText: boolean): Promise<void> {
  const { api, out } = cli;
  const content = withText
    ? await api.get<{ readonly text: string }>(path`/api/v1/scripts/${script.id}/text`)
    : undefined;
  out.result({ ...script, ...(content !== undefined && { text: content.text }) }, () => {
    out.record([
      ['Name', script.name],
      ['Id', script.id],
      ['Language', script.language],
      ['Version', script.scriptVersion],
      ['State', script.approvalState],
      ['Author', script.author],
      ['SHA-256', script.sha256],
      [
        'Parameters',
        script.parameters
          .map(({ name, isRequired }) => (isRequired ? `${name} (required)` : name))
          .join(', '),
      ],
      ['Decided by', script.approver && `${script.approver}, ${showTime(script.decidedAt) ?? ''}`],
      ['Comment', script.comment],
      ['Changed', `${showTime(script.changedAt) ?? ''} by ${script.changedBy}`],
    ]);
    if (content === undefined) return;
    out.heading('Text');
    out.foreign(content.text);
  });
}
