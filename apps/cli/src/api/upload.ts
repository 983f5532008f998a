import { createReadStream, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Content, Upload } from '@espalier/contracts';
import type { Cli } from '../cli.js';
import { usageError } from '../cli.error.js';
import { path } from '../connection/path.js';
import { collect } from './list.js';
import { hashFile, transfer } from './transfer.js';

const PATH = '/api/v1/content/uploads';
/** The server reads the whole file again, which takes some seconds for each GB. */
const FINISH_MS = 600_000;
const PART_BYTES = 1_024 * 1_024;

/** How a file is called in the store. */
export interface UploadNames {
  /** For people. */
  readonly name?: string;
  /** For devices. */
  readonly fileName?: string;
}

/**
 * Uploads a file, going on where this or an earlier attempt broke off.
 * @throws CliError
 */
export async function uploadFile(
  cli: Cli,
  file: string,
  { name, fileName = basename(file) }: UploadNames,
): Promise<Content> {
  const size = sizeOf(file);
  const sha256 = await hashFile(cli, file, size);
  const { id, known } = await begin(cli, { fileName, size, sha256, ...(name !== undefined && { name }) });
  const at = path`/api/v1/content/uploads/${id}`;
  if (!known)
    await transfer(cli, {
      what: `${file}: sending`,
      size,
      offset: async () => (await cli.api.get<Upload>(at)).offset,
      carry: async (offset, report) => {
        const headers = {
          'content-type': 'application/octet-stream',
          'content-length': String(size - offset),
        };
        const answer = await cli.api.open({
          method: 'PUT',
          path: at,
          query: { offset },
          headers,
          stream: () => {
            let sent = offset;
            return createReadStream(file, { start: offset, end: size - 1, highWaterMark: PART_BYTES }).on(
              'data',
              (chunk) => report((sent += chunk.length)),
            );
          },
        });
        answer.resume();
      },
    });
  return cli.api.post<Content>(`${at}/finish`, undefined, { answerMs: FINISH_MS });
}

type NewUpload = Pick<Upload, 'fileName' | 'size' | 'sha256'> & { readonly name?: string };

/** An upload of the same file that was broken off, or a new one. */
async function begin({ api, out }: Cli, asked: NewUpload): Promise<Upload> {
  const { name = asked.fileName, fileName, size, sha256 } = asked;
  const before = (await collect<Upload>(api, PATH)).find(
    (one) => one.sha256 === sha256 && one.size === size && one.fileName === fileName && one.name === name,
  );
  if (before === undefined) return api.post<Upload>(PATH, asked);
  if (before.offset > 0) out.note(`Going on after ${before.offset} bytes that have arrived already.`);
  return before;
}

function sizeOf(file: string): number {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) throw usageError(`There is no file ${file}.`);
  if (!found.isFile()) throw usageError(`${file} is no file.`, 'Pack a folder first, for example with zip.');
  if (found.size === 0) throw usageError(`${file} is empty.`);
  return found.size;
}
