import type { IncomingHttpHeaders } from 'node:http';
import type { FileHandle } from 'node:fs/promises';
import { parseRange, type ByteRange } from './byte-range.js';
import { contentTypeOf } from './content-type.js';

/** A file that is open for reading; whoever gets it closes it. */
export interface OpenFile {
  readonly file: FileHandle;
  readonly size: number;
  readonly modifiedAt: Date;
  /** SHA-256 of the whole file. */
  readonly digest: Buffer;
}

/** How a file is answered with. */
export interface FileAnswer {
  readonly status: 200 | 206 | 304 | 416;
  readonly headers: Readonly<Record<string, string | number>>;
  /** The bytes to send; undefined where there are none. */
  readonly range?: ByteRange;
}

/** Bytes that are read at once. */
const CHUNK = 256 * 1_024;

/** Decides by the headers of a GET or HEAD what to send of a file (RFC 9110 §13, §14; RFC 9530). */
export function planFileAnswer(
  name: string,
  { size, modifiedAt, digest }: Pick<OpenFile, 'size' | 'modifiedAt' | 'digest'>,
  request: { readonly method?: string | undefined; readonly headers: IncomingHttpHeaders },
): FileAnswer {
  const etag = `"${digest.toString('hex')}"`;
  const always = { etag, 'accept-ranges': 'bytes' };
  if (matches(request.headers['if-none-match'], etag)) return { status: 304, headers: always };
  // If-Range with anything but this very version means: the whole, please (RFC 9110 §13.1.5).
  const ifRange = request.headers['if-range'];
  const mayRange = request.method === 'GET' && (ifRange === undefined || ifRange === etag);
  const range = mayRange ? parseRange(request.headers.range, size) : undefined;
  if (range === 'unsatisfiable')
    return { status: 416, headers: { 'accept-ranges': 'bytes', 'content-range': `bytes */${size}` } };
  const { first, last } = range ?? { first: 0, last: size - 1 };
  const headers = {
    ...always,
    'content-type': contentTypeOf(name),
    'content-length': last - first + 1,
    'last-modified': modifiedAt.toUTCString(),
    'repr-digest': `sha-256=:${digest.toString('base64')}:`,
    ...(range !== undefined && { 'content-range': `bytes ${first}-${last}/${size}` }),
  };
  const silent = request.method === 'HEAD' || size === 0;
  return { status: range === undefined ? 200 : 206, headers, ...(!silent && { range: { first, last } }) };
}

/** Reads a range; fails where the file has become shorter, so that a part never looks like the whole. */
export async function* readFileRange({ file }: OpenFile, { first, last }: ByteRange): AsyncGenerator<Buffer> {
  const bytes = file.createReadStream({ start: first, end: last, autoClose: false, highWaterMark: CHUNK });
  yield* bytes as AsyncIterable<Buffer>;
  if (bytes.bytesRead !== last - first + 1) throw new Error('the file became shorter while it was sent');
}

/** If-None-Match compares weakly (RFC 9110 §13.1.2). */
const matches = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  header.split(',').some((candidate) => ['*', etag].includes(candidate.trim().replace(/^W\//, '')));
