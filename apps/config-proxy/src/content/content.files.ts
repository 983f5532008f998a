import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { libraryErrors } from '@espalier/contracts';

/** A file of the store as a sweep sees it. */
export interface StoredFile {
  /** As in {@link ContentFiles.open}; of an upload its id. */
  readonly name: string;
  /** When something last happened to it; epoch ms. */
  readonly touchedAt: number;
}

const CHUNK = 1_024 * 1_024;
/** What the file system says where the folder is gone, read-only or not ours. */
const UNREACHABLE = new Set([
  'ENOENT',
  'EEXIST',
  'ENOTDIR',
  'EACCES',
  'EPERM',
  'EROFS',
  'EIO',
  'ESTALE',
  'ENODEV',
]);
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/**
 * Files of content on disk: `uploads/<id>` while they arrive, `objects/<ab>/<sha256>-<id>` once they are whole and
 * verified. No name is ever used twice, so whoever deletes a file late deletes nothing else.
 */
export class ContentFiles {
  constructor(private readonly folder: string | undefined) {}

  /** Bytes that have arrived. */
  async received(id: string): Promise<number> {
    return (await statOf(this.#upload(id)))?.size ?? 0;
  }

  /**
   * Writes what a body gives to an upload, from `offset` on, as it comes; what arrived stays also where the body
   * breaks off.
   * @param limit bytes that the whole upload has at most
   * @throws EspalierError ESP_CONTENT_UPLOAD_TOO_LONG, ESP_CONTENT_STORE_FULL, ESP_CONTENT_STORE_MISSING; else what
   * the body ends with
   */
  async append(
    id: string,
    at: { readonly offset: number; readonly limit: number; readonly signal: AbortSignal },
    body: AsyncIterable<Buffer>,
  ): Promise<void> {
    const { offset, limit, signal } = at;
    const path = this.#upload(id);
    const file = await translated(async () => {
      await mkdir(dirname(path), { recursive: true });
      return open(path, constants.O_WRONLY | constants.O_CREAT, 0o640);
    });
    const target = file.createWriteStream({ start: offset, highWaterMark: 4 * CHUNK });
    let position = offset;
    const counted = async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of body) {
        position += chunk.length;
        if (position > limit)
          throw libraryErrors.ESP_CONTENT_UPLOAD_TOO_LONG({
            detail: `It was announced with ${limit} bytes.`,
          });
        yield chunk;
      }
    };
    await translated(() => pipeline(counted(), target, { signal }));
  }

  /** SHA-256 of what has arrived, as it lies on disk. */
  async digest(id: string, signal: AbortSignal): Promise<string> {
    return this.#reading(this.#upload(id), async (file) => {
      const hash = createHash('sha256');
      const chunk = Buffer.allocUnsafe(CHUNK);
      for (let position = 0; ;) {
        signal.throwIfAborted();
        const { bytesRead } = await file.read(chunk, 0, CHUNK, position);
        if (bytesRead === 0) return hash.digest('hex');
        hash.update(chunk.subarray(0, bytesRead));
        position += bytesRead;
      }
    });
  }

  /** Name of the object that an upload becomes. */
  nameOf(id: string, sha256: string): string {
    return `${sha256}-${id}`;
  }

  /** Makes a whole upload an object that survives a loss of power. Gives its name. */
  async publish(id: string, sha256: string): Promise<string> {
    const name = this.nameOf(id, sha256);
    const [from, to] = [this.#upload(id), this.#object(name)];
    await translated(async () => {
      await this.#reading(from, async (file) => {
        await file.chmod(0o440);
        await file.sync();
      });
      await mkdir(dirname(to), { recursive: true });
      await rename(from, to);
      for (const folder of [dirname(to), dirname(dirname(to)), dirname(from)]) await syncFolder(folder);
    });
    return name;
  }

  /** True where {@link publish} was done, by whoever died before anybody heard of it. */
  async isPublished(id: string, sha256: string, size: number): Promise<boolean> {
    return (await statOf(this.#object(this.nameOf(id, sha256))))?.size === size;
  }

  /**
   * Opens an object for reading; whoever gets it closes it.
   * @throws EspalierError ESP_CONTENT_STORE_MISSING
   */
  open(name: string): Promise<FileHandle> {
    return translated(() => open(this.#object(name), constants.O_RDONLY | constants.O_NOFOLLOW));
  }

  /** Also where it is gone already. */
  removeUpload(id: string): Promise<void> {
    return translated(() => rm(this.#upload(id), { force: true }));
  }

  /** Also where it is gone already. */
  removeObject(name: string): Promise<void> {
    return translated(() => rm(this.#object(name), { force: true }));
  }

  async freeBytes(): Promise<number> {
    const root = this.#root();
    return translated(async () => {
      await mkdir(root, { recursive: true });
      const { bavail, bsize } = await statfs(root);
      return bavail * bsize;
    });
  }

  /** Uploads on disk. */
  async *uploads(): AsyncGenerator<StoredFile> {
    if (this.folder === undefined) return;
    for (const name of await namesIn(join(this.folder, 'uploads'))) {
      const stats = await statOf(this.#upload(name));
      if (stats !== undefined) yield { name, touchedAt: touchedAt(stats) };
    }
  }

  /** Objects on disk. */
  async *objects(): AsyncGenerator<StoredFile> {
    if (this.folder === undefined) return;
    const objects = join(this.folder, 'objects');
    for (const prefix of await namesIn(objects))
      for (const name of await namesIn(join(objects, prefix))) {
        const stats = await statOf(this.#object(name));
        if (stats !== undefined) yield { name, touchedAt: touchedAt(stats) };
      }
  }

  async #reading<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
    const file = await translated(() => open(path, constants.O_RDONLY));
    try {
      return await translated(() => use(file));
    } finally {
      await file.close();
    }
  }

  #root(): string {
    if (this.folder === undefined)
      throw libraryErrors.ESP_CONTENT_STORE_MISSING({ detail: 'ESPALIER_CONTENT_STORE_FOLDER is not set.' });
    return this.folder;
  }

  #upload(id: string): string {
    return join(this.#root(), 'uploads', id);
  }

  #object(name: string): string {
    return join(this.#root(), 'objects', name.slice(0, 2), name);
  }
}

/** Id of the upload that an object came from. */
export const uploadOf = (object: string): string => object.slice(object.indexOf('-') + 1);

async function statOf(path: string): Promise<{ size: number; mtimeMs: number; ctimeMs: number } | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw asStoreError(error);
  }
}

/** Renaming changes only the second of the two. */
const touchedAt = ({ mtimeMs, ctimeMs }: { mtimeMs: number; ctimeMs: number }): number =>
  Math.max(mtimeMs, ctimeMs);

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw asStoreError(error);
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function translated<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw asStoreError(error);
  }
}

/** Codes that only files have: what a socket ends with is left alone. */
function asStoreError(error: unknown): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (FULL.has(code)) return libraryErrors.ESP_CONTENT_STORE_FULL({ cause: error });
  if (UNREACHABLE.has(code)) return libraryErrors.ESP_CONTENT_STORE_MISSING({ cause: error });
  return error;
}
