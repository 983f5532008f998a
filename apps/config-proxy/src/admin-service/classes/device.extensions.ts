import type { ElementSource } from '@espalier/odata';
import type { Database } from '@espalier/persistence';
import { networkAdapter } from '../../inventory/groups/hardware.classes.js';
import type { Extension } from '../class.model.js';

/** SQL Server takes 2,100 parameters. */
const IDS_AT_ONCE = 500;

/** What `MACAddresses/any(…)` asks. */
export const macAddresses: ElementSource = {
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
};

/** Addresses of a device's network adapters, in the order of the alphabet. */
export const macAddressExtension = (key: string): Extension => ({
  names: ['MACAddresses'],
  fill: async (on, rows) => {
    const found = await ofRows<{ resource_id: number; mac_address: string }>(
      on,
      rows.map((row) => Number(row[key])),
      `SELECT resource_id, mac_address FROM {gs_network_adapter}
       WHERE resource_id IN (:ids) AND mac_address IS NOT NULL ORDER BY mac_address`,
    );
    for (const row of rows)
      row['MACAddresses'] = (found.get(Number(row[key])) ?? []).map(({ mac_address }) => mac_address);
  },
});

interface Agent {
  readonly resource_id: number;
  readonly agent: string;
  readonly at: number;
}

/** Where the facts of a device come from: three arrays side by side. */
export const agentExtension = (key: string, siteCode: string): Extension => ({
  names: ['AgentName', 'AgentSite', 'AgentTime'],
  fill: async (on, rows) => {
    const found = await ofRows<Agent>(
      on,
      rows.map((row) => Number(row[key])),
      `SELECT resource_id, 'enrollment' AS agent, MAX(state_at) AS at FROM {resource_enrollment}
         WHERE resource_id IN (:ids) GROUP BY resource_id
       UNION ALL SELECT resource_id, source, reported_at FROM {inventory_report} WHERE resource_id IN (:ids)
       ORDER BY agent`,
    );
    for (const row of rows) {
      const agents = found.get(Number(row[key])) ?? [];
      row['AgentName'] = agents.map(({ agent }) => AGENTS[agent] ?? agent);
      row['AgentSite'] = agents.map(() => siteCode);
      row['AgentTime'] = agents.map(({ at }) => at);
    }
  },
});

/** By the source of a report. */
const AGENTS: Readonly<Record<string, string>> = {
  enrollment: 'MDM enrollment',
  device: 'MDM device information',
  security: 'MDM security information',
  profiles: 'MDM profile list',
  applications: 'MDM application list',
};

/** What a statement over `:ids` gives, by resource. */
async function ofRows<T extends { readonly resource_id: number }>(
  on: Database,
  ids: readonly number[],
  sql: string,
): Promise<Map<number, T[]>> {
  const found: T[] = [];
  for (let from = 0; from < ids.length; from += IDS_AT_ONCE)
    found.push(...(await on.query<T>(sql, { ids: ids.slice(from, from + IDS_AT_ONCE) })));
  return Map.groupBy(found, ({ resource_id }) => resource_id);
}
