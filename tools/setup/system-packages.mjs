import { readdirSync } from 'node:fs';
import { capture, isRoot, which } from './processes.mjs';
import { elapsed, say } from './progress.mjs';

/** Foreign programs that specs hold our own code against; each spec skips itself where its program is missing. */
const clients = [
  { command: 'openssl', package: 'openssl', specs: 'certificates and CMS read and made by openssl' },
  { command: 'curl', package: 'curl', specs: 'device routes as curl calls them' },
  { command: 'scepclient', package: 'scep', specs: 'SCEP enrolment by an independent client' },
  { command: 'python3', package: 'python3', specs: "property lists read and written by Python's plistlib" },
  { command: 'krb5kdc', package: 'krb5-kdc', specs: 'Kerberos sign-in' },
  { command: 'kadmin.local', package: 'krb5-admin-server', specs: 'Kerberos sign-in' },
  { command: 'kinit', package: 'krb5-user', specs: 'Kerberos sign-in' },
  { command: 'krb5-config', package: 'libkrb5-dev', specs: 'Kerberos sign-in' },
  { command: 'g++', package: 'g++', specs: 'Kerberos sign-in' },
  { command: 'faketime', package: 'faketime', specs: 'Kerberos tickets that have expired' },
  { command: 'pgrep', package: 'procps', specs: 'stores while the database is frozen' },
];

/** Installs the programs that specs use, where that can be done without asking; never fails. */
export async function installTestClients() {
  let missing = clients.filter(({ command }) => which(command) === undefined);
  if (missing.length === 0) return;
  if (isRoot && which('apt-get') !== undefined) {
    const since = performance.now();
    const packages = missing.map((client) => client.package);
    say(`test clients  installing ${packages.join(', ')} (apt-get)`);
    await refreshPackageLists();
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await capture('apt-get', ['install', '--yes', '--quiet', '--no-install-recommends', ...packages], {
      env,
      timeoutSeconds: 300,
    });
    missing = missing.filter(({ command }) => which(command) === undefined);
    if (missing.length === 0) say(`test clients  installed, ${elapsed(since)}`);
  }
  for (const client of missing) {
    say(
      `test clients  no ${client.command}: skipped are ${client.specs} (Debian's package is ${client.package})`,
    );
  }
}

/** A fresh container image comes with empty package lists. */
export async function refreshPackageLists() {
  const lists = '/var/lib/apt/lists';
  const known = readdirSync(lists).some((name) => name.includes('_Packages'));
  if (!known) await capture('apt-get', ['update', '--quiet'], { timeoutSeconds: 180 });
}
