import type { Application, Content } from '@espalier/contracts';
import type { Command } from 'commander';
import { downloadContent } from '../api/download.js';
import { showList } from '../api/list.js';
import { findThing, libraryPaths } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { CliError, usageError } from '../cli.error.js';
import { path } from '../connection/path.js';
import { exitCodes } from '../exit-codes.js';
import { addListOptions, type ListOptions } from '../options.js';
import { minor, number, text, whole } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';
import { subcommand } from './define.js';
import { deleteConfirmed } from './deletion.js';
import {
  definitionOf,
  type SoftwareDetail,
  type SoftwareKind,
  type SoftwareOptions,
} from './software.definition.js';

/** `espalier applications` and `espalier packages`. */
export function software<D extends object, O extends SoftwareOptions>(
  command: Command,
  cli: Cli,
  about: SoftwareKind<D, O>,
): void {
  const { kind, one, example } = about;
  const base = libraryPaths[kind];
  const group = `espalier ${kind}s`;
  const detail = async (name: string): Promise<SoftwareDetail<D>> =>
    cli.api.get(`${base}${path`/${(await findThing(cli.api, name, [kind])).thingId}`}`);
  const withOptions = (usage: Command): Command =>
    about
      .addOptions(
        usage
          .option('--file <file>', 'upload this file for it')
          .option('--content <content>', 'use a file that was uploaded before')
          .option('--definition <file>', 'the whole definition as JSON, as the API has it'),
      )
      .option('--publisher <text>', 'who makes it')
      .option('--software-version <text>', 'its version, for people')
      .option('--description <text>', 'for people')
      .option('--note <text>', 'why there is this revision');

  addListOptions(
    subcommand(command, 'list', { summary: `list ${kind}s`, example: `${group} list` }),
    "contains(name,'fire')",
  ).action((options: ListOptions) =>
    showList<Application>(
      cli,
      {
        path: base,
        columns: [
          whole('ID', ({ id }) => id),
          text('NAME', ({ name }) => name),
          minor(text('PUBLISHER', ({ publisher }) => publisher)),
          text('VERSION', ({ softwareVersion }) => softwareVersion),
          number('REVISION', ({ revision }) => revision),
          minor(whole('CHANGED', ({ changedAt }) => showTime(changedAt))),
        ],
        nothing: `No ${kind} fits.`,
      },
      options,
    ),
  );

  subcommand(command, `show <${kind}>`, {
    summary: `see ${one}`,
    description: `See ${one}. It is named by its id or exact name.`,
    example: `${group} show ${example}`,
  }).action(async (name: string) => showSoftware(cli, about, await detail(name)));

  withOptions(
    subcommand(command, 'create <name>', {
      summary: `make ${one}, uploading its file`,
      example: `${group} create ${example} ${about.creating}`,
    }),
  ).action(async (name: string, options: O) => {
    const { description, note } = options;
    const definition = await definitionOf(cli, about, options);
    const body = {
      name,
      definition,
      ...(description !== undefined && { description }),
      ...(note !== undefined && { note }),
    };
    showSoftware(cli, about, await cli.api.post<SoftwareDetail<D>>(base, body));
  });

  withOptions(
    subcommand(command, `set <${kind}>`, {
      summary: `change ${one}: a new revision; what is not named stays`,
      description: `Change ${one}: a new revision, which deployments that follow the newest one get by themselves. What is not named stays.`,
      example: `${group} set ${example} --file ${example}-129.pkg --software-version 129 --note "ticket 4711"`,
    }),
  ).action(async (name: string, options: O) => {
    if (Object.keys(options).length === 0) throw usageError('Say what to change.', `See ${group} set --help`);
    const { item, latest } = await detail(name);
    const { description, note } = options;
    const definition = await definitionOf(cli, about, options, latest.definition);
    const body = {
      definition,
      ...(description !== undefined && { description }),
      ...(note !== undefined && { note }),
    };
    const at = `${base}${path`/${item.id}`}`;
    showSoftware(cli, about, await cli.api.change<SoftwareDetail<D>>('PATCH', at, body, item.version));
  });

  subcommand(command, `download <${kind}>`, {
    summary: `download the file of ${one}`,
    example: `${group} download ${example} --output ${example}.pkg`,
  })
    .option('--output <file>', 'default: the name that devices know it by')
    .action(async (name: string, { output }: { readonly output?: string }) => {
      const { item, latest } = await detail(name);
      const id = about.contentOf(latest.definition);
      if (id === null) throw new CliError(`${item.name} has no file.`, exitCodes.notFound);
      const found = await cli.api.get<Content>(path`/api/v1/content/${id}`);
      const said = await downloadContent(cli, found, output);
      cli.out.result(found, () => cli.out.say(said));
    });

  subcommand(command, `delete <${kind}>`, {
    summary: `delete ${one} with all revisions`,
    description: `Delete ${one} with all revisions. Refused while it is deployed.`,
    example: `${group} delete ${example}`,
  }).action(async (name: string) => {
    const { item } = await detail(name);
    await deleteConfirmed(cli, {
      path: `${base}${path`/${item.id}`}`,
      id: item.id,
      question: `Delete the ${kind} ${item.name} with its ${item.revision} revisions?`,
      done: `${item.name} is deleted.`,
    });
  });
}

function showSoftware<D, O extends SoftwareOptions>(
  cli: Cli,
  { fields, showParts }: SoftwareKind<D, O>,
  shown: SoftwareDetail<D>,
): void {
  const { item, latest } = shown;
  cli.out.result(shown, () => {
    cli.out.record([
      ['Name', item.name],
      ['Id', item.id],
      ['Publisher', item.publisher],
      ['Version', item.softwareVersion],
      ['Description', item.description],
      ...fields(latest.definition),
      ['Revision', `${item.revision}, ${showTime(latest.createdAt) ?? ''} by ${latest.createdBy}`],
      ['Note', latest.note],
    ]);
    showParts(cli, latest.definition);
  });
}
