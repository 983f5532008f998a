import { joinedTexts } from '@espalier/persistence';
import { networkAdapter } from '../../inventory/groups/hardware.classes.js';
import { array, type ClassRow, type PropertySpec } from '../class.model.js';

/** Addresses of a device's network adapters, in the order of the alphabet. */
export const macAddresses: PropertySpec = array('MACAddresses', 'Edm.String', {
  columns: [
    {
      name: 'MACAddresses',
      sql: (dialect) =>
        joinedTexts(
          dialect,
          'a.mac_address',
          '{gs_network_adapter} AS a WHERE a.resource_id = r.resource_id',
        ),
    },
  ],
  read: ({ MACAddresses }) => (typeof MACAddresses === 'string' ? MACAddresses.split(',').sort() : []),
  elements: {
    kind: 'rows',
    class: {
      name: networkAdapter.name,
      table: networkAdapter.table,
      keyColumn: 'resource_id',
      single: false,
      properties: [],
    },
    property: {
      name: 'MACAddress',
      type: 'text',
      column: 'mac_address',
      foldedColumn: 'mac_address_folded',
    },
  },
});

/** What discovers a device, and the column that says when it last did. */
const discovery = [
  ['MDM enrollment', 'EnrolledTime'],
  ['MDM device information', 'LastDDR'],
] as const;

/** Who discovered a device and when: three arrays side by side. */
export function agents(siteCode: string): readonly PropertySpec[] {
  const reads = discovery.map(([, column]) => column);
  const found = (row: ClassRow) => discovery.filter(([, column]) => typeof row[column] === 'number');
  return [
    array('AgentName', 'Edm.String', {
      reads,
      columns: [
        { name: 'EnrolledTime', sql: 'r.enrolled_at' },
        {
          name: 'LastDDR',
          sql: `(SELECT i.reported_at FROM {inventory_report} AS i
                 WHERE i.resource_id = r.resource_id AND i.source = 'device')`,
        },
      ],
      read: (row) => found(row).map(([agent]) => agent),
    }),
    array('AgentSite', 'Edm.String', { reads, read: (row) => found(row).map(() => siteCode) }),
    array('AgentTime', 'Edm.DateTimeOffset', { reads, read: (row) => found(row).map(([, at]) => row[at]) }),
  ];
}
