import type { Content } from '@espalier/contracts';
import type { Command } from 'commander';
import { downloadContent } from '../api/download.js';
import { showList } from '../api/list.js';
import { findContent } from '../api/resolve.js';
import { showSize } from '../api/transfer.js';
import { uploadFile, type UploadNames } from '../api/upload.js';
import type { Cli } from '../cli.js';
import { path } from '../connection/path.js';
import { addListOptions, type ListOptions } from '../options.js';
import { minor, number, text, whole } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';
import { subcommand } from './define.js';
import { deleteConfirmed } from './deletion.js';

/** `espalier content`. */
export function content(command: Command, cli: Cli): void {
  const find = (name: string): Promise<Content> => findContent(cli.api, name);

  addListOptions(
    subcommand(command, 'list', {
      summary: 'list the files that applications and packages are made of',
      example: 'espalier content list --order-by "size desc"',
    }),
    "contains(fileName,'.pkg')",
  ).action((options: ListOptions) =>
    showList<Content>(
      cli,
      {
        path: '/api/v1/content',
        columns: [
          whole('ID', ({ id }) => id),
          text('NAME', ({ name }) => name),
          minor(text('FILE', ({ fileName }) => fileName)),
          number('SIZE', ({ size }) => showSize(size)),
          whole('IN USE', ({ distributed }) => distributed),
          minor(whole('UPLOADED', ({ createdAt }) => showTime(createdAt))),
          minor(text('BY', ({ createdBy }) => createdBy)),
        ],
        nothing: 'No file fits.',
      },
      options,
    ),
  );

  subcommand(command, 'show <content>', {
    summary: 'see a file of the store',
    description: 'See a file of the store. It is named by its id or exact name.',
    example: 'espalier content show Firefox.pkg',
  }).action(async (name: string) => showContent(cli, await find(name)));

  subcommand(command, 'upload <file>', {
    summary: 'upload a file; what breaks off goes on where it was',
    description:
      'Upload a file of up to 20 GiB; what breaks off goes on where it was, also when the command is run again within a day. What nothing is made of goes by itself after a week.',
    example: 'espalier content upload Firefox.pkg --name "Firefox 128"',
  })
    .option('--name <name>', 'for people (default: the name of the file)')
    .option('--file-name <name>', 'under which devices fetch it (default: the name of the file)')
    .action(async (file: string, names: UploadNames) => showContent(cli, await uploadFile(cli, file, names)));

  subcommand(command, 'download <content>', {
    summary: 'download a file of the store, and compare it with its SHA-256',
    example: 'espalier content download "Firefox 128" --output Firefox.pkg',
  })
    .option('--output <file>', 'default: the name that devices know it by')
    .action(async (name: string, { output }: { readonly output?: string }) => {
      const found = await find(name);
      const said = await downloadContent(cli, found, output);
      cli.out.result(found, () => cli.out.say(said));
    });

  subcommand(command, 'delete <content>', {
    summary: 'delete a file of the store',
    description:
      'Delete a file of the store. Refused while an application or package has it in some revision.',
    example: 'espalier content delete "Firefox 128"',
  }).action(async (name: string) => {
    const { id, name: called, size } = await find(name);
    await deleteConfirmed(cli, {
      path: path`/api/v1/content/${id}`,
      id,
      question: `Delete the file ${called} (${showSize(size)})?`,
      done: `${called} is deleted.`,
    });
  });
}

function showContent({ out }: Cli, shown: Content): void {
  out.result(shown, () =>
    out.record([
      ['Name', shown.name],
      ['Id', shown.id],
      ['File', shown.fileName],
      ['Size', showSize(shown.size)],
      ['SHA-256', shown.sha256],
      ['In use', shown.distributed],
      ['Uploaded', `${showTime(shown.createdAt) ?? ''} by ${shown.createdBy}`],
    ]),
  );
}
