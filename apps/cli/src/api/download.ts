import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Content } from '@espalier/contracts';
import type { Cli } from '../cli.js';
import { CliError, usageError } from '../cli.error.js';
import { silence } from '../connection/failures.js';
import { path } from '../connection/path.js';
import { exitCodes } from '../exit-codes.js';
import { hashFile, showSize, transfer } from './transfer.js';

/** The server says nothing for so long: it is gone. */
const SILENCE_MS = 60_000;

/**
 * Downloads content into a file, going on where it broke off, and compares what arrived with its SHA-256.
 * @param output default: the name that devices know it by, in this folder
 * @throws CliError
 */
export async function downloadContent(
  cli: Cli,
  { id, fileName, size, sha256 }: Content,
  output = basename(fileName),
): Promise<string> {
  if (statSync(output, { throwIfNoEntry: false })?.isFile() === false)
    throw usageError(`${output} is no file.`, 'Name the file itself: --output FILE');
  if (existsSync(output)) await cli.confirm(`Overwrite ${output}?`);
  // What another attempt left is the beginning of this very file, or is found out below.
  const draft = `${output}.${sha256.slice(0, 8)}.part`;
  const there = (): number => statSync(draft, { throwIfNoEntry: false })?.size ?? 0;
  if (there() > size) rmSync(draft);
  // Trying again would not mend it, and the server has no part in it.
  const notWritten = (error: unknown): never => {
    throw usageError(`${draft} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  };
  await transfer(cli, {
    what: `${output}: receiving`,
    size,
    offset: () => Promise.resolve(there()),
    carry: async (offset, report) => {
      const file = await open(draft, 'a').catch(notWritten);
      try {
        const answer = await cli.api.open({
          method: 'GET',
          path: path`/api/v1/content/${id}/file`,
          headers: { accept: '*/*', range: `bytes=${offset}-` },
        });
        answer.setTimeout(SILENCE_MS, () => answer.destroy(silence()));
        let received = offset;
        for await (const chunk of answer) {
          await file.appendFile(chunk as Buffer).catch(notWritten);
          report((received += (chunk as Buffer).length));
        }
      } finally {
        await file.close();
      }
    },
  });
  if ((await hashFile(cli, draft, size)) !== sha256) {
    rmSync(draft);
    throw new CliError(
      'What arrived has another SHA-256 than the content: it was thrown away.',
      exitCodes.failed,
      'Try again; if it persists, something on the way changes it.',
    );
  }
  renameSync(draft, output);
  return `${output}: ${showSize(size)}.`;
}
