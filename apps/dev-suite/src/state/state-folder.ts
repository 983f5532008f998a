import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { SuiteError } from './state.errors.js';

const VERSION = 1;
const stateSchema = z.object({ version: z.number(), createdAt: z.string(), topic: z.string().min(1) });

const FOLDERS = ['pki', 'nats', 'data', 'logs', 'content', 'content-store', 'devices'] as const;

/** The folder that holds everything a suite keeps between starts: keys, pins, databases, logs. */
export class StateFolder {
  private constructor(
    readonly path: string,
    /** Push topic of this suite's (simulated) push certificate. */
    readonly topic: string,
    /** True where the folder was made by this start. */
    readonly isNew: boolean,
  ) {}

  /**
   * Opens the folder, or makes it.
   * @throws SuiteError where it is not one of ours, of another version, or lacks what it must have
   */
  static open(path: string): StateFolder {
    const file = join(path, 'state.json');
    const isNew = !existsSync(file);
    try {
      for (const folder of FOLDERS) mkdirSync(join(path, folder), { recursive: true, mode: 0o700 });
      chmodSync(path, 0o700);
      if (isNew) {
        const topic = `com.apple.mgmt.External.${randomBytes(16).toString('hex')}`;
        const state = { version: VERSION, createdAt: new Date().toISOString(), topic };
        writeWhole(file, `${JSON.stringify(state, null, 2)}\n`);
      }
    } catch (error) {
      throw new SuiteError(
        `The state folder ${path} cannot be written (${reasonOf(error)}). Make it writable, or name another with --state.`,
      );
    }
    return new StateFolder(path, readState(file, path).topic, isNew);
  }

  file(...names: string[]): string {
    return join(this.path, ...names);
  }

  /** Text of a file of the folder; made by `make` where it is not there. Secrets are readable by their owner only. */
  textOf(name: string, make: () => string): string {
    const path = this.file(name);
    if (!existsSync(path)) writeWhole(path, make());
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      throw this.#broken(name, reasonOf(error));
    }
  }

  /** Writes a file anew, at once or not at all. */
  write(name: string, text: string): string {
    const path = this.file(name);
    writeWhole(path, text);
    return path;
  }

  /** The first admin token: made once, never shown again by the server. */
  adminToken(): string {
    const token = this.textOf('admin-token', () => `esp_${randomBytes(32).toString('base64url')}\n`).trim();
    if (!/^esp_[A-Za-z0-9_-]{43}$/.test(token)) throw this.#broken('admin-token', 'it holds no token');
    return token;
  }

  #broken(name: string, why: string): SuiteError {
    return brokenState(this.path, name, why);
  }
}

/** Says that a state folder cannot be used, and how to begin anew. */
export function brokenState(path: string, name: string, why: string): SuiteError {
  return new SuiteError(
    `The state folder ${path} is damaged: ${name}: ${why}.\n` +
      'Put the file back from a copy, or begin anew with: npm start -- --reset (the simulated devices and all data of this folder are lost).',
  );
}

function readState(file: string, path: string): z.output<typeof stateSchema> {
  let parsed: z.ZodSafeParseResult<z.output<typeof stateSchema>>;
  try {
    parsed = stateSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw brokenState(path, 'state.json', reasonOf(error));
  }
  if (!parsed.success) throw brokenState(path, 'state.json', 'it lacks what it must have');
  if (parsed.data.version !== VERSION)
    throw new SuiteError(
      `The state folder ${path} is of version ${parsed.data.version}, this suite needs ${VERSION}. Name another with --state, or use --reset.`,
    );
  return parsed.data;
}

function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
