import { createHash } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { configProxyErrors } from '@espalier/contracts';
import type { OpenFile } from './open-file.js';

interface KnownDigest {
  readonly version: string;
  readonly digest: Promise<Buffer>;
}

/** No separators and no leading dot: a name can only ever be a plain file of the folder. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9 ._+@()-]{0,199}$/;
const CHUNK = 256 * 1024;
const MAX_DIGESTS = 1_000;

/** The files that are served as client packages. Only reads. */
export class PackageFolder {
  readonly #digests = new Map<string, KnownDigest>();

  constructor(private readonly folder: string | undefined) {}

  /** @throws EspalierError ESP_PACKAGE_UNKNOWN for all that is not a plain file of the folder */
  async open(name: string): Promise<OpenFile> {
    const file = await this.#openFile(name);
    try {
      const stats = await file.stat({ bigint: true });
      if (!stats.isFile()) throw configProxyErrors.ESP_PACKAGE_UNKNOWN();
      const digest = await this.#digestOf(name, file, stats);
      return { file, size: Number(stats.size), modifiedAt: stats.mtime, digest };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async #openFile(name: string): Promise<FileHandle> {
    if (this.folder === undefined || !NAME.test(name)) throw configProxyErrors.ESP_PACKAGE_UNKNOWN();
    try {
      const root = await realpath(this.folder);
      // A volume may be made of links; one that leads out of the folder is not followed.
      const path = await realpath(join(root, name));
      if (!path.startsWith(root + sep)) throw configProxyErrors.ESP_PACKAGE_UNKNOWN();
      // O_NONBLOCK: opening a FIFO must not wait for a writer.
      return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENXIO'].includes(code))
        throw configProxyErrors.ESP_PACKAGE_UNKNOWN({ cause: error });
      throw error;
    }
  }

  /** Read once for each version of a file, however many ask for it at the same time. */
  async #digestOf(name: string, file: FileHandle, stats: BigIntStats): Promise<Buffer> {
    const version = `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`;
    const known = this.#digests.get(name);
    if (known?.version === version) return known.digest;
    if (this.#digests.size >= MAX_DIGESTS) this.#digests.clear();
    const digest = digestFile(file, Number(stats.size));
    this.#digests.set(name, { version, digest });
    try {
      return await digest;
    } catch (error) {
      this.#digests.delete(name);
      throw error;
    }
  }
}

async function digestFile(file: FileHandle, size: number): Promise<Buffer> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK);
  for (let position = 0; position < size;) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK, position);
    if (bytesRead === 0) throw new Error('the package became shorter while it was read');
    hash.update(chunk.subarray(0, bytesRead));
    position += bytesRead;
  }
  return hash.digest();
}
