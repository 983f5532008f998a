import type { Device, Membership } from '@espalier/contracts';
import { Option, type Command } from 'commander';
import { both, quoted, searching, showList } from '../api/list.js';
import { findCollection, findDevice } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { usageError } from '../cli.error.js';
import { path } from '../connection/path.js';
import { addListOptions, readPair, type ListOptions } from '../options.js';
import { minor, number, text, whole, type Column } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';
import { showDevice } from './device.view.js';
import { subcommand } from './define.js';
import { deleteConfirmed } from './deletion.js';
import { showHistory, showInventory } from './inventory.js';

/** How devices are shown in lists. */
export const deviceColumns: readonly Column<Device>[] = [
  number('ID', ({ resourceId }) => resourceId),
  text('NAME', ({ name }) => name),
  whole('SERIAL', ({ serialNumber }) => serialNumber),
  minor(text('MODEL', ({ modelName, model }) => modelName ?? model)),
  text('SYSTEM', ({ operatingSystem, osVersion }) => operatingSystem ?? osVersion),
  minor(text('USER', ({ lastUserName }) => lastUserName)),
  whole('MANAGED', ({ isManaged }) => isManaged),
  minor(whole('STATE', ({ state }) => state)),
  minor(whole('LAST SEEN', ({ lastSeenAt }) => showTime(lastSeenAt))),
];

const platforms = ['mac', 'iphone', 'ipad', 'appletv', 'vision', 'watch', 'unknown'];

interface DeviceListOptions extends ListOptions {
  readonly search?: string;
  readonly platform?: string;
  readonly collection?: string;
}

/** `espalier devices`. */
export function devices(command: Command, cli: Cli): void {
  const device = (name: string): Promise<Device> => findDevice(cli.api, name);

  addListOptions(
    subcommand(command, 'list', {
      summary: 'list devices',
      example: 'espalier devices list --search anna',
      examples: [
        `espalier devices list --filter "platform eq 'mac' and osMajorVersion lt 15" --order-by name`,
      ],
    })
      .option('-s, --search <text>', 'in name, serial number or user')
      .addOption(new Option('-p, --platform <platform>', 'only devices of it').choices(platforms))
      .option('-c, --collection <collection>', 'only members of a collection'),
    "platform eq 'mac' and osMajorVersion lt 15",
  ).action((options: DeviceListOptions) => list(cli, options));

  subcommand(command, 'show <device>', {
    summary: 'see one device: its facts, enrolments, users and extension data',
    description:
      'See one device: its facts, enrolments, users and extension data. A device is named by its resource id, name or serial number.',
    example: 'espalier devices show mac-042',
  }).action(async (name: string) => showDevice(cli, await device(name)));

  subcommand(command, 'inventory <device> [group]', {
    summary: 'see what a device reported of itself',
    example: 'espalier devices inventory mac-042',
    examples: ['espalier devices inventory mac-042 SYSTEM'],
  }).action(async (name: string, group?: string) => showInventory(cli, await device(name), group));

  subcommand(command, 'history <device> [group]', {
    summary: 'see what a device reported before, and until when',
    example: 'espalier devices history mac-042',
  }).action(async (name: string, group?: string) => showHistory(cli, await device(name), group));

  subcommand(command, 'collections <device>', {
    summary: 'see the collections of a device, and the rules that put it there',
    example: 'espalier devices collections mac-042',
  }).action(async (name: string) => {
    const { resourceId } = await device(name);
    await showList<Membership>(
      cli,
      {
        path: path`/api/v1/devices/${resourceId}/collections`,
        columns: [
          whole('ID', ({ collectionId }) => collectionId),
          text('NAME', ({ collectionName }) => collectionName),
          whole('SINCE', ({ joinedAt }) => showTime(joinedAt)),
          text('BECAUSE', ({ reasons }) => reasons.map((reason) => reason.text).join(' ')),
        ],
        nothing: 'It is in no collection.',
      },
      { all: true },
    );
  });

  subcommand(command, 'evaluate <device>', {
    summary: 'have a device looked at now, and mended',
    example: 'espalier devices evaluate mac-042',
  }).action(async (name: string) => {
    const { resourceId } = await device(name);
    const done = await cli.api.post<{ scheduled: number }>(path`/api/v1/devices/${resourceId}/evaluate`);
    cli.out.result(done, () => cli.out.say(`Asked: ${done.scheduled} enrolments are looked at anew.`));
  });

  subcommand(command, 'decommission <device>', {
    summary: 'say that a device is out of use',
    description:
      'Say that a device is out of use. Its record stays, but leaves all collections; what was deployed to them goes. It becomes active again when the device enrols.',
    example: 'espalier devices decommission mac-042',
  }).action(async (name: string) => {
    const { resourceId, name: called } = await device(name);
    await cli.confirm(`Decommission ${called} (${resourceId})? It leaves all collections.`);
    const done = await cli.api.post<Device>(path`/api/v1/devices/${resourceId}/decommission`);
    cli.out.result(done, () => cli.out.say(`${called} is decommissioned.`));
  });

  subcommand(command, 'delete <device>', {
    summary: 'delete the record of a device, with its inventory and history',
    description:
      'Delete the record of a device, with its inventory and history. Only where no enrolment is active.',
    example: 'espalier devices delete 16777219',
  }).action(async (name: string) => {
    const { resourceId, name: called } = await device(name);
    await deleteConfirmed(cli, {
      path: path`/api/v1/devices/${resourceId}`,
      id: resourceId,
      question: `Delete the record of ${called} (${resourceId}) with its inventory and history?`,
      done: `${called} is deleted.`,
    });
  });

  subcommand(command, 'set <device> <property=value...>', {
    summary: 'set extension data: properties of your own, for queries',
    example: 'espalier devices set mac-042 AssetTag=A-1001 Department=Sales',
  }).action(async (name: string, pairs: readonly string[]) => {
    const extensionData = Object.fromEntries(pairs.map((pair) => readPair(pair)));
    const { resourceId } = await device(name);
    const all = await cli.api.put<Record<string, string>>(
      path`/api/v1/devices/${resourceId}/extension-data`,
      { extensionData },
    );
    cli.out.result(all, () => cli.out.record(Object.entries(all)));
  });

  subcommand(command, 'unset <device> [property...]', {
    summary: 'delete extension data',
    example: 'espalier devices unset mac-042 Department',
  })
    .option('--all', 'all properties')
    .action(async (name: string, properties: readonly string[], { all }: { readonly all?: boolean }) => {
      if ((properties.length === 0) !== (all === true))
        throw usageError('Name the properties to delete, or say --all.');
      const { resourceId, name: called } = await device(name);
      if (all === true) await cli.confirm(`Delete all extension data of ${called} (${resourceId})?`);
      const at = path`/api/v1/devices/${resourceId}/extension-data`;
      for (const property of all === true ? [undefined] : properties)
        await cli.api.delete(at, { name: property });
      cli.out.result({ resourceId, deleted: all === true ? 'all' : properties }, () =>
        cli.out.line('Deleted.'),
      );
    });
}

async function list(
  cli: Cli,
  { search, platform, collection, ...options }: DeviceListOptions,
): Promise<void> {
  if (collection !== undefined) {
    if (search !== undefined || platform !== undefined)
      throw usageError('--collection cannot be combined with --search or --platform.');
    const { id } = await findCollection(cli.api, collection);
    const { memberList } = await import('./collections.js');
    await memberList(cli, id, options);
    return;
  }
  const found = searching(search, ['name', 'serialNumber', 'lastUserName']);
  const ofPlatform = platform === undefined ? undefined : `platform eq ${quoted(platform)}`;
  await showList(
    cli,
    {
      path: '/api/v1/devices',
      query: { filter: both(ofPlatform, found) },
      columns: deviceColumns,
      nothing: 'No device fits.',
    },
    options,
  );
}
