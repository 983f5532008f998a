import type { Dialect } from '@espalier/persistence';

/** Names one instance of a class. */
export interface InstanceKey {
  readonly resource_id: number;
  readonly instance_key: string;
}

/** Value of the parameter that {@link isAmongInstances} names. */
export const instanceList = (instances: readonly InstanceKey[]): string =>
  JSON.stringify(instances.map(({ resource_id, instance_key }) => ({ id: resource_id, name: instance_key })));

/** The row is one of the instances of `:instances`: one statement for any number of them, found by primary key. */
export const isAmongInstances: Readonly<Record<Dialect, string>> = {
  sqlite: `(resource_id, instance_key) IN
    (SELECT json_extract(value, '$.id'), json_extract(value, '$.name') FROM json_each(:instances))`,
  postgres: `(resource_id, instance_key) IN
    (SELECT v.id, v.name FROM json_to_recordset(:instances::json) AS v(id integer, name text))`,
  mssql: `EXISTS (SELECT 1 FROM OPENJSON(:instances) WITH (id int '$.id', name nvarchar(100) '$.name') AS v
    WHERE v.id = resource_id AND v.name COLLATE Latin1_General_100_BIN2 = instance_key)`,
};
