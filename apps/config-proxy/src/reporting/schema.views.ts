import { inventoryClasses } from '../inventory/inventory.catalogue.js';
import { number, text, type ReportView } from './report-view.js';

type Constant = string | number;

/** A view over rows that are known beforehand. */
function constantView(
  name: string,
  columns: readonly string[],
  rows: readonly (readonly Constant[])[],
): ReportView {
  const literal = (value: Constant): string =>
    typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`;
  const selects = rows.map(
    (row) => `SELECT ${row.map((value, index) => `${literal(value)} AS c${index}`).join(', ')}`,
  );
  return {
    name,
    type: 'Schema',
    columns: columns.map((column, index) =>
      typeof rows[0]?.[index] === 'number' ? number(column, `k.c${index}`) : text(column, `k.c${index}`),
    ),
    from: `FROM (\n  ${selects.join('\n  UNION ALL ')}) AS k`,
  };
}

/** Views that say what views there are. @param views all others */
export function schemaViews(views: readonly ReportView[]): ReportView[] {
  const names = ['v_GroupMap', 'v_GroupAttributeMap', 'v_ResourceMap', 'v_SchemaViews'];
  return [
    constantView(
      'v_GroupMap',
      ['GroupID', 'DisplayName', 'InvClassName', 'InvHistoryClassName', 'MIFClass'],
      inventoryClasses.map((item) => [item.groupId, item.title, item.view, item.historyView, item.name]),
    ),
    constantView(
      'v_GroupAttributeMap',
      ['GroupID', 'AttributeID', 'DisplayName', 'ColumnName'],
      inventoryClasses.flatMap(({ groupId, properties }) =>
        properties.map(({ name, viewColumn }, index) => [groupId, index + 1, name, viewColumn]),
      ),
    ),
    constantView(
      'v_ResourceMap',
      ['ResourceType', 'DisplayName', 'ResourceClassName'],
      [
        [5, 'System Resource', 'SMS_R_System'],
        [4, 'User Resource', 'SMS_R_User'],
      ],
    ),
    constantView(
      'v_SchemaViews',
      ['Type', 'ViewName'],
      [...views.map(({ name, type }) => [type, name]), ...names.map((name) => ['Schema', name])],
    ),
  ];
}
