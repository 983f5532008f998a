import type { SchemaEditor } from '@espalier/persistence';
import { collectionViews } from './collection.views.js';
import { inventoryViews } from './inventory.views.js';
import { selectSql, type ReportView } from './report-view.js';
import { resourceViews } from './resource.views.js';
import { schemaViews } from './schema.views.js';

/** Every view for reports, those that name others last. */
export function reportViews(): ReportView[] {
  const views = [...resourceViews, ...inventoryViews(), ...collectionViews];
  return [...views, ...schemaViews(views)];
}

/** `cm` for the service's own schema; others of the same database, as tests make them, do not collide. */
export const reportSchemaOf = (schema: string): string => (schema === 'config_proxy' ? 'cm' : `cm_${schema}`);

/** Makes the views: in a schema of their own, on SQLite beside the tables. */
export async function createReportViews(schema: SchemaEditor): Promise<void> {
  const { dialect } = schema;
  const name = reportSchemaOf(schema.schema);
  // IF NOT EXISTS would ask for the right to create schemas also where there is one.
  if (dialect === 'postgres')
    await schema.execute(
      `DO $$ BEGIN
         IF NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = '${name}') THEN CREATE SCHEMA "${name}"; END IF;
       END $$`,
    );
  // CREATE SCHEMA must be alone in its batch.
  if (dialect === 'mssql')
    await schema.execute(`IF SCHEMA_ID('${name}') IS NULL EXEC('CREATE SCHEMA "${name}"')`);
  for (const view of reportViews())
    await schema.execute(`CREATE VIEW ${qualified(schema, view.name)} AS\n${selectSql(dialect, view)}`);
}

export async function dropReportViews(schema: SchemaEditor): Promise<void> {
  const { dialect } = schema;
  for (const view of reportViews().toReversed())
    await schema.execute(`DROP VIEW ${qualified(schema, view.name)}`);
  if (dialect !== 'sqlite') await schema.execute(`DROP SCHEMA "${reportSchemaOf(schema.schema)}"`);
}

const qualified = ({ dialect, schema }: SchemaEditor, view: string): string =>
  dialect === 'sqlite' ? view : `"${reportSchemaOf(schema)}".${view}`;
