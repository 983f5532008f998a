import type { ApplicationDefinition } from '@espalier/contracts';
import { Option, type Command } from 'commander';
import type { Cli } from '../cli.js';
import { usageError } from '../cli.error.js';
import { text, whole } from '../terminal/table.js';
import { install } from './application.install.js';
import type { SoftwareKind, SoftwareOptions } from './software.definition.js';
import { software } from './software.js';

interface ApplicationOptions extends SoftwareOptions {
  readonly installer?: Installer;
  readonly bundle?: string;
  readonly receipt?: string;
  readonly path?: string;
  readonly minimumVersion?: string;
  readonly minimumOs?: string;
  readonly installCommand?: string;
  readonly uninstallCommand?: string;
}

type DeploymentType = ApplicationDefinition['deploymentTypes'][number];
type Installer = DeploymentType['installer'];
type Detection = DeploymentType['detection'];

const INSTALLERS = ['pkg', 'dmg', 'app'] as const satisfies readonly Installer[];

const applicationKind: SoftwareKind<ApplicationDefinition, ApplicationOptions> = {
  kind: 'application',
  one: 'an application',
  example: 'Firefox',
  creating: '--file Firefox.pkg --bundle org.mozilla.firefox --minimum-version 128',
  addOptions: (command) =>
    command
      .addOption(
        new Option('--installer <kind>', 'what the file is (default: by its ending)').choices([
          ...INSTALLERS,
        ]),
      )
      .option('--bundle <id>', 'it is there where this bundle is, as in org.mozilla.firefox')
      .option('--receipt <id>', 'it is there where this package was installed')
      .option('--path <path>', 'it is there where this file is')
      .option('--minimum-version <version>', 'it is there only from this version on')
      .option('--minimum-os <version>', 'only for devices with this system or a newer one')
      .option('--install-command <line>', 'default: as its kind is installed')
      .option('--uninstall-command <line>', 'what takes it off'),
  define,
  contentOf: ({ deploymentTypes: [first] }) => first?.contentId ?? null,
  fields: () => [],
  showParts: ({ out }, { deploymentTypes }) => {
    out.heading('Deployment types');
    out.table(deploymentTypes, [
      text('NAME', ({ name }) => name),
      whole('INSTALLER', ({ installer }) => installer),
      text('THERE WHERE', ({ detection }) => showDetection(detection)),
      whole('FROM', ({ minimumOsVersion }) => minimumOsVersion),
      whole('CONTENT', ({ contentId }) => contentId),
    ]);
  },
};

/** `espalier applications`. */
export function applications(command: Command, cli: Cli): void {
  software(command, cli, applicationKind);
  install(command, cli);
}

function define(
  options: ApplicationOptions,
  contentId: string | undefined,
  before?: ApplicationDefinition,
): ApplicationDefinition {
  const [type, ...others] = before?.deploymentTypes ?? [];
  const { publisher, softwareVersion } = options;
  return {
    iconContentId: before?.iconContentId ?? null,
    publisher: publisher ?? before?.publisher ?? '',
    softwareVersion: softwareVersion ?? before?.softwareVersion ?? '',
    deploymentTypes: [defineType(options, contentId, type, others.length > 0), ...others],
  };
}

function defineType(
  options: ApplicationOptions,
  contentId: string | undefined,
  before: DeploymentType | undefined,
  hasOthers: boolean,
): DeploymentType {
  const { minimumOs, installCommand, uninstallCommand, file, content } = options;
  const detection = readDetection(options) ?? before?.detection;
  const installer = options.installer ?? installerOf(file) ?? before?.installer;
  const isNamed =
    detection !== before?.detection ||
    installer !== before?.installer ||
    file !== undefined ||
    content !== undefined;
  if (hasOthers && isNamed)
    throw usageError(
      'It has several deployment types.',
      'Change them with --definition: espalier applications show NAME --json has the present one.',
    );
  const its = contentId ?? before?.contentId;
  if (its === undefined || (before === undefined && file === undefined && content === undefined))
    throw usageError('Say what is installed: --file or --content.');
  if (detection === undefined)
    throw usageError('Say how it is seen that it is there: --bundle, --receipt or --path.');
  if (installer === undefined)
    throw usageError(`Say what the file is: --installer ${INSTALLERS.join(', ')}.`);
  return {
    name: before?.name ?? installer,
    installer,
    contentId: its,
    detection,
    installCommand: installCommand ?? before?.installCommand ?? null,
    uninstallCommand: uninstallCommand ?? before?.uninstallCommand ?? null,
    minimumOsVersion: minimumOs ?? before?.minimumOsVersion ?? null,
    platforms: before?.platforms ?? ['mac'],
  };
}

function readDetection({ bundle, receipt, path, minimumVersion }: ApplicationOptions): Detection | undefined {
  const given = [bundle, receipt, path].filter((one) => one !== undefined).length;
  if (given > 1) throw usageError('Say one of --bundle, --receipt and --path.');
  if (minimumVersion !== undefined && bundle === undefined && receipt === undefined)
    throw usageError('--minimum-version needs --bundle or --receipt.');
  const version = minimumVersion === undefined ? {} : { minimumVersion };
  if (bundle !== undefined) return { kind: 'bundle', bundleId: bundle, ...version };
  if (receipt !== undefined) return { kind: 'receipt', packageId: receipt, ...version };
  return path === undefined ? undefined : { kind: 'file', path };
}

const installerOf = (file: string | undefined): Installer | undefined =>
  INSTALLERS.find((ending) => file?.toLowerCase().endsWith(`.${ending}`) === true);

function showDetection(detection: Detection): string {
  if (detection.kind === 'file') return detection.path;
  const from = detection.minimumVersion === undefined ? '' : ` from ${detection.minimumVersion}`;
  return `${detection.kind === 'bundle' ? detection.bundleId : detection.packageId}${from}`;
}
