import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { CliError } from '../cli.error.js';
import { ProfileStore, signInOf } from '../connection/profile.store.js';
import { exitCodes } from '../exit-codes.js';
import { text, whole } from '../terminal/table.js';
import { subcommand } from './define.js';

/** `espalier profiles`. */
export function profiles(command: Command, cli: Cli): void {
  subcommand(command, 'list', {
    summary: 'list the servers that you are signed in to',
    example: 'espalier profiles list',
  }).action(() => {
    const store = new ProfileStore(cli.world.env);
    const { current } = store;
    const items = store.names().map((name) => {
      const profile = store.get(name) ?? { url: '' };
      const { url, caFile, fingerprint } = profile;
      const by = signInOf(profile);
      const trusts =
        fingerprint === undefined
          ? (caFile ?? 'the authorities of this machine')
          : `the certificate ${fingerprint.slice(0, 16)}…`;
      return { name, url, trusts, by: by ?? null, isSignedIn: by !== undefined, isCurrent: name === current };
    });
    cli.out.result({ items }, () => {
      if (items.length === 0) cli.out.note('You are signed in nowhere: espalier login --url https://…:8760');
      else
        cli.out.table(items, [
          whole('', ({ isCurrent }) => (isCurrent ? '*' : ' ')),
          whole('NAME', ({ name }) => name),
          text('SERVER', ({ url }) => url),
          whole('SIGNED IN BY', ({ by }) => by),
          text('TRUSTS', ({ trusts }) => trusts),
        ]);
    });
  });

  subcommand(command, 'use <name>', {
    summary: 'use another sign-in from now on',
    example: 'espalier profiles use production',
  }).action((name: string) => {
    const store = new ProfileStore(cli.world.env);
    const profile = store.get(name);
    if (profile === undefined)
      throw new CliError(
        `There is no profile ${name}.`,
        exitCodes.notFound,
        'See what there is: espalier profiles list',
      );
    store.use(name);
    cli.out.result({ profile: name, url: profile.url }, () =>
      cli.out.say(`From now on: ${name}, ${profile.url}.`),
    );
  });
}
