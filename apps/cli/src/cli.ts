import type * as Connecting from './connecting.js';
import { CliError } from './cli.error.js';
import type { ApiClient } from './connection/api.client.js';
import type { ConnectionSettings } from './connection/settings.js';
import { exitCodes, type ExitCode } from './exit-codes.js';
import type { GlobalOptions } from './options.js';
import { Output } from './terminal/output.js';
import type { World } from './world.js';

/** One invocation: what was asked for in general, the server, and where results go. */
export class Cli {
  /** What the process ends with where nothing was thrown. */
  exitCode: ExitCode = exitCodes.ok;
  #options: GlobalOptions;
  #api: ApiClient | undefined;
  #connecting: typeof Connecting | undefined;
  #out: Output | undefined;

  /** @param isJson whether errors are for programs, before the command line has been read */
  constructor(
    readonly world: World,
    isJson = false,
  ) {
    this.#options = { color: true, json: isJson };
  }

  /** Told once the command line has been read, before a command is carried out. Help never comes so far. */
  async configure(options: GlobalOptions): Promise<void> {
    this.#options = options;
    this.#out = undefined;
    // TLS takes a while to load.
    this.#connecting = await import('./connecting.js');
  }

  get options(): GlobalOptions {
    return this.#options;
  }

  get out(): Output {
    const { env, stdout } = this.world;
    const noColour = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
    const mayColour = stdout.isTTY === true && this.#options.color && !noColour && env['TERM'] !== 'dumb';
    return (this.#out ??= new Output(this.world, this.#options.json === true, mayColour));
  }

  /** @throws CliError where no server is known */
  settings(): ConnectionSettings {
    return this.#loaded.connectionSettings(this.world.env, this.#options);
  }

  /** The server of this invocation. @throws CliError where none is known */
  get api(): ApiClient {
    return (this.#api ??= this.connect(this.settings()));
  }

  connect(settings: ConnectionSettings): ApiClient {
    const { verbose, idempotencyKey, reason } = this.#options;
    return new this.#loaded.ApiClient(
      settings,
      {
        onRetry: (waitMs, because) =>
          this.out.note(`${because} Trying again in ${(waitMs / 1_000).toFixed(1)} s.`),
        onReply: ({ method, path }, status, ms) => {
          if (verbose === true) this.out.note(`${method} ${path}: ${status}, ${Math.round(ms)} ms`);
        },
      },
      { key: idempotencyKey, reason },
      this.#credentials(settings),
    );
  }

  #credentials(settings: ConnectionSettings): InstanceType<typeof Connecting.Credentials> {
    const { Credentials, ProfileStore } = this.#loaded;
    const { env, now } = this.world;
    return new Credentials(settings, {
      store: new ProfileStore(env),
      client: async () => {
        const { OidcClient } = await import('./connection/oidc.client.js');
        if (settings.oidc === undefined) throw new CliError('This is no sign-in at an issuer.');
        return new OidcClient(settings.oidc, now);
      },
      kerberos: async () => {
        const { KerberosProver, servicePrincipalOf } = await import('./connection/kerberos.prover.js');
        return new KerberosProver(settings.kerberos?.spn ?? servicePrincipalOf(settings.url));
      },
      now,
    });
  }

  /** Asks before something that cannot be undone. @throws CliError where the answer is no */
  confirm(what: string): Promise<void> {
    return this.#loaded.confirm(this.world, what, this.#options.yes === true);
  }

  close(): void {
    this.#api?.close();
  }

  get #loaded(): typeof Connecting {
    if (this.#connecting === undefined) throw new CliError('The command line was not read yet.');
    return this.#connecting;
  }
}
