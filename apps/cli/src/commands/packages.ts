import type { PackageDefinition } from '@espalier/contracts';
import { Option, type Command } from 'commander';
import type { Cli } from '../cli.js';
import { usageError } from '../cli.error.js';
import { readPair, several, wholeNumber } from '../options.js';
import { number, text, whole } from '../terminal/table.js';
import type { SoftwareKind, SoftwareOptions } from './software.definition.js';
import { software } from './software.js';

interface PackageOptions extends SoftwareOptions {
  readonly program?: readonly string[];
  readonly runAs?: RunAs;
  readonly minimumOs?: string;
  readonly maximumMinutes?: number;
}

type Program = PackageDefinition['programs'][number];
type RunAs = Program['runAs'];

const DEFAULT_MINUTES = 120;
const MOST_MINUTES = 720;

const packageKind: SoftwareKind<PackageDefinition, PackageOptions> = {
  kind: 'package',
  one: 'a package',
  example: 'VPN',
  creating: '--file vpn.zip --program "Install=./install.sh --quiet"',
  addOptions: (command) =>
    command
      .option('--program <name=command line>', 'what is run; several times', several)
      .addOption(new Option('--run-as <who>', 'its programs run as').choices(['root', 'user']))
      .option('--minimum-os <version>', 'only for devices with this system or a newer one')
      .option('--maximum-minutes <minutes>', 'its programs end by then', wholeNumber(1, MOST_MINUTES)),
  define,
  contentOf: ({ contentId }) => contentId,
  fields: ({ contentId }) => [['Content', contentId]],
  showParts: ({ out }, { programs }) => {
    out.heading('Programs');
    out.table(programs, [
      text('NAME', ({ name }) => name),
      text('COMMAND LINE', ({ commandLine }) => commandLine),
      whole('RUNS AS', ({ runAs }) => runAs),
      whole('FROM', ({ minimumOsVersion }) => minimumOsVersion),
      number('MINUTES', ({ maximumMinutes }) => maximumMinutes),
    ]);
  },
};

/** `espalier packages`. */
export function packages(command: Command, cli: Cli): void {
  software(command, cli, packageKind);
}

function define(
  options: PackageOptions,
  contentId: string | undefined,
  before?: PackageDefinition,
): PackageDefinition {
  const { publisher, softwareVersion, file, content } = options;
  const isNamed = file !== undefined || content !== undefined;
  return {
    publisher: publisher ?? before?.publisher ?? '',
    softwareVersion: softwareVersion ?? before?.softwareVersion ?? '',
    language: before?.language ?? '',
    // A package may do without any file.
    contentId: (isNamed ? contentId : before?.contentId) ?? null,
    programs: definePrograms(options, before?.programs),
    platforms: before?.platforms ?? ['mac'],
  };
}

function definePrograms(
  { program, runAs, minimumOs, maximumMinutes }: PackageOptions,
  before: readonly Program[] | undefined,
): Program[] {
  const named = program?.map((written): Program => {
    const [name, commandLine] = readPair(written);
    const same = before?.find((one) => one.name === name);
    return {
      runAs: 'root',
      minimumOsVersion: null,
      maximumMinutes: DEFAULT_MINUTES,
      ...same,
      name,
      commandLine,
    };
  });
  const programs = named ?? before;
  if (programs === undefined) throw usageError('Say what is run: --program "Install=./install.sh"');
  return programs.map((one) => ({
    ...one,
    ...(runAs !== undefined && { runAs }),
    ...(minimumOs !== undefined && { minimumOsVersion: minimumOs }),
    ...(maximumMinutes !== undefined && { maximumMinutes }),
  }));
}
