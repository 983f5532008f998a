import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

import type { PemPair } from './pki/dev-pki.js';

const WRITE_DELAY_MS = 500;

const content = z.object({
  version: z.literal(1),
  ca: z.object({ certificate: z.string(), key: z.string() }),
  rooms: z.record(z.string(), z.unknown()),
});

/** What a simulator keeps over a restart: its CA, so that issued certificates stay good, and its rooms' state. */
export interface SimState {
  readonly ca: PemPair;
  readonly rooms: Readonly<Record<string, unknown>>;
}

/** A small JSON file, replaced as a whole, soon after a change and at the end. */
export class StateFile {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly path: string,
    private readonly read: () => SimState,
  ) {}

  /** The state of an earlier run, where there is one. @throws ZodError for a file that is something else */
  static load(path: string): SimState | undefined {
    if (!existsSync(path)) return undefined;
    return content.parse(JSON.parse(readFileSync(path, 'utf8')));
  }

  changed(): void {
    this.#timer ??= setTimeout(() => this.write(), WRITE_DELAY_MS).unref();
  }

  write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const temporary = `${this.path}.${randomUUID()}`;
    writeFileSync(temporary, JSON.stringify({ version: 1, ...this.read() }), { mode: 0o600 });
    renameSync(temporary, this.path);
  }
}
