import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of its own in which specs run the real openssl command. */
export interface OpensslFolder {
  /** Writes a file into the folder. */
  write(name: string, content: string | Uint8Array): void;
  /** Runs openssl in the folder: stdout, or an error with stderr. One argument may hold several, by spaces. */
  run(...args: readonly string[]): Buffer;
  remove(): void;
}

// LibreSSL, the openssl of macOS, has other options.
const isOpenssl3 = (spawnSync('openssl', ['version']).stdout?.toString() ?? '').startsWith('OpenSSL 3');

/** `describe`, skipped where there is no OpenSSL 3: say so in the title. */
export const withOpenssl = isOpenssl3 ? describe : describe.skip;

/** Makes the folder; `remove` it in `afterAll`. */
export function createOpensslFolder(): OpensslFolder {
  // On first use: in a skipped describe this function runs, but afterAll does not.
  let made: string | undefined;
  const folder = (): string => (made ??= mkdtempSync(join(tmpdir(), 'espalier-openssl-')));
  return {
    write: (name, content) => writeFileSync(join(folder(), name), content),
    run: (...args) => run(folder(), args.join(' ').split(' ')),
    remove: () => made && rmSync(made, { recursive: true, force: true }),
  };
}

function run(cwd: string, args: readonly string[]): Buffer {
  const { status, stdout, stderr, error } = spawnSync('openssl', args, { cwd });
  if (error) throw error;
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr.toString()}`);
  return stdout;
}

/** True where openssl can do single DES: a provider of its own that not every installation has. */
export function hasLegacyProvider(): boolean {
  return spawnSync('openssl', ['list', '-providers', '-provider', 'legacy']).status === 0;
}
