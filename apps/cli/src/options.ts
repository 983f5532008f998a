import { InvalidArgumentError, type Command } from 'commander';
import { usageError } from './cli.error.js';
import type { ConnectionFlags } from './connection/settings.js';

/** Options that every command has. */
export interface GlobalOptions extends ConnectionFlags {
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly color: boolean;
  readonly verbose?: boolean;
  readonly reason?: string;
  readonly idempotencyKey?: string;
}

/** Options that every list has. */
export interface ListOptions {
  readonly filter?: string;
  readonly orderBy?: string;
  readonly limit?: number;
  readonly all?: boolean;
}

export function addGlobalOptions(program: Command): Command {
  return program
    .option('--profile <name>', 'sign-in to use; ESPALIER_PROFILE')
    .option('--url <url>', 'server, as in https://name:8760; ESPALIER_URL')
    .option('--ca-file <file>', "PEM file of the authority of the server's certificate; ESPALIER_CA_FILE")
    .option('--fingerprint <sha256>', "trust the server's certificate with this SHA-256, and no other")
    .option('--token-file <file>', 'file that holds the API token; the token itself: ESPALIER_TOKEN')
    .option('--json', 'results for programs: JSON')
    .option('-y, --yes', 'do not ask before dangerous things')
    .option('--no-color', 'no colours; NO_COLOR')
    .option('-v, --verbose', 'tell each request')
    .option('--reason <text>', 'why, for the second person who must approve it')
    .option('--idempotency-key <key>', 'the same again with the same key is done once');
}

export function addListOptions(command: Command, filterExample: string): Command {
  return command
    .option('-f, --filter <condition>', `as in "${filterExample}"`)
    .option('-o, --order-by <fields>', 'as in "name" or "createdAt desc"')
    .option('-n, --limit <count>', 'show so many at most (default: 200)', wholeNumber(1, 1_000_000))
    .option('--all', 'show all of them');
}

/** Reads an option that is a whole number. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (!(value >= least && value <= most))
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    return value;
  };
}

/** Reads `name=value`; the value may hold more of them. @throws CliError */
export function readPair(pair: string, mark = '='): [name: string, value: string] {
  const at = pair.indexOf(mark);
  if (at < 1) throw usageError(`Not of the form name${mark}value: ${pair}`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}

/** Collects an option that may be given several times. */
export function several(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}
