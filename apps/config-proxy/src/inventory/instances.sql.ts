import { jsonRows, type Dialect, type JsonColumns } from '@espalier/persistence';

/** Names one instance of a class. */
export interface InstanceKey {
  readonly resource_id: number;
  readonly instance_key: string;
}

/** An instance that is replaced, and when. */
export interface ReplacedInstance extends InstanceKey {
  readonly at: number;
}

const columns: JsonColumns = { id: 'integer', name: 'text', at: 'integer' };

/** Value of the parameter `:instances` of the statements below. */
export const instanceList = (instances: readonly ReplacedInstance[]): string =>
  JSON.stringify(
    instances.map(({ resource_id, instance_key, at }) => ({ id: resource_id, name: instance_key, at })),
  );

/**
 * FROM clause of those rows `i` of a class's table that `:instances` names, each with its `v.at`. Always row by row
 * through the primary key: a planner that has not seen the table grow would read all of it.
 */
export function namedInstances(dialect: Dialect, table: string): string {
  const named = jsonRows(dialect, 'instances', 'v', columns);
  const match = 'i.resource_id = v.id AND i.instance_key = v.name';
  switch (dialect) {
    case 'sqlite':
      return `${named} CROSS JOIN {${table}} AS i ON ${match}`;
    case 'postgres':
      return `${named} CROSS JOIN LATERAL (SELECT * FROM {${table}} AS i WHERE ${match} OFFSET 0) AS i`;
    case 'mssql':
      return `${named} INNER LOOP JOIN {${table}} AS i ON ${match}`;
  }
}

/** Condition on a row of a class's table: it is one of `:instances`. */
export function isAmongInstances(dialect: Dialect): string {
  const named = jsonRows(dialect, 'instances', 'v', columns);
  return dialect === 'mssql'
    ? `EXISTS (SELECT 1 FROM ${named} WHERE v.id = resource_id AND v.name = instance_key)`
    : `(resource_id, instance_key) IN (SELECT v.id, v.name FROM ${named})`;
}
