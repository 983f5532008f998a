import { inventoryClasses } from '../inventory/inventory.catalogue.js';
import type { CatalogueClass } from '../inventory/inventory.class.js';
import type { CatalogueProperty } from '../inventory/inventory.property.js';
import { empty, number, text, time, type ReportColumn, type ReportView } from './report-view.js';

/** A property as its column of a view. */
export function propertyColumn(alias: string, { viewColumn, type, column }: CatalogueProperty): ReportColumn {
  const sql = `${alias}."${column}"`;
  if (type === 'text') return text(viewColumn, sql);
  return type === 'time' ? time(viewColumn, sql) : number(viewColumn, sql);
}

/** Columns that published SQL asks for and that devices do not tell by MDM. */
const untold: Readonly<Record<string, readonly ReportColumn[]>> = {
  COMPUTER_SYSTEM: empty('text', 'Roles0'),
  OPERATING_SYSTEM: empty('time', 'InstallDate0', 'LastBootUpTime0'),
  PC_BIOS: [...empty('text', 'SMBIOSBIOSVersion0'), ...empty('time', 'ReleaseDate0')],
  SYSTEM_ENCLOSURE: empty('text', 'SMBIOSAssetTag0'),
};

const instanceColumns = (groupId: number): ReportColumn[] => [
  number('ResourceID', 'i.resource_id'),
  number('GroupID', String(groupId)),
  number('RevisionID', 'i.revision_id'),
  time('TimeStamp', 'i.time_stamp'),
];

function viewsOf(item: CatalogueClass): ReportView[] {
  const { groupId, table, historyTable, view, historyView } = item;
  const columns = [
    ...instanceColumns(groupId),
    ...item.properties.map((property) => propertyColumn('i', property)),
    ...(untold[view.replace('v_GS_', '')] ?? []),
  ];
  return [
    { name: view, type: 'Inventory', columns, from: `FROM {${table}} AS i` },
    { name: historyView, type: 'History', columns, from: `FROM {${historyTable}} AS i` },
    ...item.aliases.map((alias): ReportView => ({
      name: alias.name.replace('SMS_G_System_', 'v_GS_'),
      type: 'Inventory',
      columns: [
        ...instanceColumns(groupId),
        ...alias.properties.map((property) => propertyColumn('i', property)),
        ...empty('text', 'InstallDate0'),
      ],
      from: `FROM {${table}} AS i`,
    })),
  ];
}

/** v_GS_* and v_HS_* of every class, and v_Add_Remove_Programs. */
export function inventoryViews(): ReportView[] {
  const views = inventoryClasses.flatMap(viewsOf);
  const programs = views.find(({ name }) => name === 'v_GS_ADD_REMOVE_PROGRAMS');
  return programs === undefined ? views : [...views, { ...programs, name: 'v_Add_Remove_Programs' }];
}
