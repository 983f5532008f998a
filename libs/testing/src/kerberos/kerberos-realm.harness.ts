import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

/** Where Debian puts what administrators run. */
const PATH = [process.env['PATH'] ?? '', '/usr/sbin', '/sbin'].join(delimiter);

function isInstalled(program: string): boolean {
  return PATH.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function hasModule(from: string): boolean {
  try {
    createRequire(from)('kerberos');
    return true;
  } catch {
    return false;
  }
}

/**
 * What is missing here for sign-in with Kerberos; its specs need all of it.
 * @param from `import.meta.url` of the spec, whose project has the optional module
 */
export function missingKerberosParts(from: string): readonly string[] {
  const programs = ['krb5kdc', 'kdb5_util', 'kadmin.local', 'kinit', 'curl'];
  return [
    ...programs.filter((program) => !isInstalled(program)),
    ...(hasModule(from) ? [] : ['the module kerberos']),
  ];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A realm of MIT Kerberos on loopback, with its own key distribution centre; everything lies in one folder. */
export class KerberosRealm {
  readonly name = 'ESPALIER.TEST';
  readonly #folder: string;
  #kdc: ChildProcess | undefined;

  /** @param more environment for its programs */
  constructor(
    parent: string,
    name = 'realm',
    private readonly more: NodeJS.ProcessEnv = {},
  ) {
    this.#folder = join(parent, name);
    mkdirSync(this.#folder);
  }

  /** What a process needs that belongs to the realm. */
  get env(): NodeJS.ProcessEnv {
    return {
      ...this.more,
      PATH,
      KRB5_CONFIG: this.#file('krb5.conf'),
      KRB5_KDC_PROFILE: this.#file('kdc.conf'),
      KRB5RCACHEDIR: this.#folder,
      KRB5CCNAME: `FILE:${this.#file('nobody.tickets')}`,
    };
  }

  async start(): Promise<this> {
    const port = await freePort();
    writeFileSync(
      this.#file('krb5.conf'),
      `[libdefaults]
default_realm = ${this.name}
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = false
rdns = false
forwardable = false
[realms]
${this.name} = {
kdc = 127.0.0.1:${port}
}
`,
    );
    writeFileSync(
      this.#file('kdc.conf'),
      `[kdcdefaults]
kdc_listen = 127.0.0.1:${port}
kdc_tcp_listen = 127.0.0.1:${port}
[realms]
${this.name} = {
database_name = ${this.#file('principals')}
key_stash_file = ${this.#file('stash')}
acl_file = ${this.#file('acl')}
}
[logging]
kdc = FILE:${this.#file('kdc.log')}
`,
    );
    this.#run('kdb5_util', 'create', '-s', '-P', 'master', '-r', this.name);
    this.#kdc = spawn('krb5kdc', ['-n'], { env: this.env, stdio: ['ignore', 'ignore', 'pipe'] });
    // It says when it serves: "krb5kdc: starting...".
    const { stderr } = this.#kdc;
    if (stderr === null) throw new Error('krb5kdc has no output');
    await once(createInterface({ input: stderr }), 'line');
    return this;
  }

  async stop(): Promise<void> {
    if (this.#kdc === undefined) return;
    const gone = once(this.#kdc, 'exit');
    this.#kdc.kill();
    await gone;
  }

  /** A service with its key in the keytab `name`. @returns the keytab's path */
  addService(principal: string, name: string): string {
    this.#admin(`addprinc -randkey ${principal}`);
    this.#admin(`ktadd -k ${this.#file(name)} ${principal}`);
    return this.#file(name);
  }

  /** A user with a ticket. @returns the environment in which programs use it */
  addUser(name: string): NodeJS.ProcessEnv {
    this.#admin(`addprinc -pw secret-${name} ${name}`);
    return this.signIn(name);
  }

  /**
   * A new ticket for a user, in the place of the old one.
   * @param more arguments for kinit, such as `-l 2s`
   * @returns the environment in which programs use it
   */
  signIn(name: string, ...more: readonly string[]): NodeJS.ProcessEnv {
    const env = { ...this.env, KRB5CCNAME: `FILE:${this.#file(`${name.replaceAll('/', '_')}.tickets`)}` };
    execFileSync('kinit', [...more, name], { env, input: `secret-${name}\n`, stdio: 'pipe' });
    return env;
  }

  /** Until the tickets of a user are no longer good. */
  async untilExpired(env: NodeJS.ProcessEnv): Promise<void> {
    while (spawnSync('klist', ['-s'], { env }).status === 0) await setTimeout(100);
  }

  /** Gives a service a new key, as setting its password does. */
  changeKey(principal: string): void {
    this.#admin(`cpw -randkey ${principal}`);
  }

  #admin(query: string): void {
    this.#run('kadmin.local', '-r', this.name, '-q', query);
  }

  #run(program: string, ...args: readonly string[]): void {
    execFileSync(program, args, { env: this.env, stdio: 'pipe' });
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }
}
