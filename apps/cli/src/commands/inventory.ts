import type { Device, Inventory, InventoryInstance } from '@espalier/contracts';
import type { Cli } from '../cli.js';
import { CliError } from '../cli.error.js';
import { exitCodes } from '../exit-codes.js';
import { path } from '../connection/path.js';
import { printable } from '../terminal/printable.js';
import { text, whole, type Column } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';

const inventoryOf = ({ api }: Cli, { resourceId }: Device): Promise<Inventory> =>
  api.get(path`/api/v1/devices/${resourceId}/inventory`);

/** Shows what a device reported: all of it, or one group. */
export async function showInventory(cli: Cli, device: Device, group?: string): Promise<void> {
  const { out } = cli;
  const inventory = await inventoryOf(cli, device);
  const shown = chosen(inventory, group);
  out.result(group === undefined ? inventory : { groups: Object.fromEntries(shown) }, () => {
    for (const { source, reportedAt } of inventory.reports)
      out.line(out.style('dim', printable(`${source} reported ${showTime(reportedAt) ?? ''}`)));
    if (shown.length === 0) out.note('It has reported nothing yet.');
    for (const [name, instances] of shown) {
      out.heading(name);
      showGroup(cli, instances);
    }
  });
}

/** A single instance is a record; several are a table of the properties that any of them has. */
function showGroup({ out }: Cli, instances: readonly InventoryInstance[]): void {
  const [only, ...others] = instances;
  if (only !== undefined && others.length === 0) {
    out.record(Object.entries(only.properties).filter(([, value]) => value !== null));
    return;
  }
  const names = [
    ...new Set(
      instances.flatMap(({ properties }) =>
        Object.entries(properties).flatMap(([name, value]) => (value === null ? [] : [name])),
      ),
    ),
  ];
  out.table(
    instances,
    names.map((name): Column<InventoryInstance> => text(name, ({ properties }) => properties[name])),
  );
}

interface Replaced {
  readonly group: string;
  readonly instance: InventoryInstance;
}

/** Shows what a device reported before, newest first. */
export async function showHistory(cli: Cli, device: Device, group?: string): Promise<void> {
  const { api, out } = cli;
  const groups = chosen(await inventoryOf(cli, device), group).map(([name]) => name);
  const histories = await Promise.all(
    groups.map(async (name): Promise<Replaced[]> => {
      const at = path`/api/v1/devices/${device.resourceId}/inventory/${name}`;
      const { items } = await api.get<{ items: InventoryInstance[] }>(at, { history: true });
      return items.map((instance) => ({ group: name, instance }));
    }),
  );
  const replaced = histories
    .flat()
    .sort((a, b) => (b.instance.replacedAt ?? 0) - (a.instance.replacedAt ?? 0));
  out.result({ items: replaced.map(({ group: name, instance }) => ({ group: name, ...instance })) }, () => {
    if (replaced.length === 0) {
      out.note('Nothing of what it reported has changed yet.');
      return;
    }
    out.table(replaced, [
      whole('UNTIL', ({ instance }) => showTime(instance.replacedAt)),
      whole('SINCE', ({ instance }) => showTime(instance.timeStamp)),
      whole('GROUP', ({ group: name }) => name),
      text('WAS', ({ instance }) =>
        Object.entries(instance.properties)
          .flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]))
          .join(', '),
      ),
    ]);
  });
}

/** The groups that are asked for, whatever the case. @throws CliError naming those that there are */
function chosen({ groups }: Inventory, asked?: string): [name: string, instances: InventoryInstance[]][] {
  const all = Object.entries(groups).filter(([, instances]) => instances.length > 0);
  if (asked === undefined) return all;
  const found = all.filter(([name]) => name.toLowerCase() === asked.toLowerCase());
  if (found.length > 0) return found;
  throw new CliError(
    `The device has reported nothing of a group ${asked}.`,
    exitCodes.notFound,
    `It has: ${all.map(([name]) => name).join(', ') || 'nothing yet'}`,
  );
}
