import type { StatusMessage, StatusSeverity, StoredStatusMessage } from '@espalier/contracts';
import type { ClassModel } from '@espalier/conditions';
import { insertRows, limitSql, type Database, type Page, type Tx } from '@espalier/persistence';
import { listPage } from '@espalier/query';
import { storableText } from '../state-messages/deployment-state.js';

/** What a list is asked for: `listQuery` as it came. */
export interface ListRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly filter?: string | undefined;
  readonly orderBy?: string | undefined;
}

interface Row {
  readonly id: number;
  readonly at: number;
  readonly service: string;
  readonly severity: string;
  readonly component: string;
  readonly message_id: string;
  readonly text: string;
  readonly enrollment_id: string | null;
  readonly resource_id: number | null;
  readonly deployment_id: string | null;
  readonly collection_id: string | null;
}

/** What lists can be filtered and ordered by. Names of services and messages are lower case anyway. */
const model: ClassModel = {
  name: 'StatusMessage',
  table: 'status_message',
  keyColumn: 'id',
  single: true,
  properties: [
    { name: 'id', type: 'integer', column: 'id' },
    { name: 'at', type: 'time', column: 'at' },
    { name: 'service', type: 'text', column: 'service', foldedColumn: 'service' },
    { name: 'severity', type: 'text', column: 'severity', foldedColumn: 'severity' },
    { name: 'component', type: 'text', column: 'component', foldedColumn: 'component' },
    { name: 'messageId', type: 'text', column: 'message_id', foldedColumn: 'message_id' },
    { name: 'resourceId', type: 'integer', column: 'resource_id' },
    { name: 'deploymentId', type: 'text', column: 'deployment_id', foldedColumn: 'deployment_id' },
    { name: 'enrollmentId', type: 'text', column: 'enrollment_id', foldedColumn: 'enrollment_id_folded' },
    { name: 'collectionId', type: 'text', column: 'collection_id', foldedColumn: 'collection_id_folded' },
  ],
};

const SELECT = `SELECT id, at, service, severity, component, message_id, text, enrollment_id, resource_id,
  deployment_id, collection_id, LOWER(enrollment_id) AS enrollment_id_folded,
  LOWER(collection_id) AS collection_id_folded FROM {status_message}`;

/** The only user of the table `status_message`. */
export class StatusMessageStore {
  constructor(private readonly db: Database) {}

  async insert(tx: Tx, messages: readonly (StatusMessage & { readonly service: string })[]): Promise<void> {
    const rows = messages.map((message) => ({
      at: message.at,
      service: message.service,
      severity: message.severity,
      component: storableText(message.component),
      message_id: storableText(message.messageId),
      text: storableText(message.text),
      enrollment_id: message.enrollmentId ?? null,
      resource_id: message.resourceId ?? null,
      deployment_id: storableText(message.deploymentId),
      collection_id: storableText(message.collectionId),
    }));
    if (rows.length > 0) await insertRows(tx, 'status_message', rows);
  }

  /** Newest first unless ordered otherwise. @throws EspalierError ESP_SITE_FILTER_INVALID, ESP_BAD_REQUEST */
  async list(request: ListRequest): Promise<Page<StoredStatusMessage>> {
    const { rows, next } = await listPage<Row>(this.db, {
      model,
      sql: SELECT,
      ...request,
      defaultOrder: ['at desc', 'id desc'],
    });
    return { rows: rows.map(toMessage), ...(next !== undefined && { next }) };
  }

  /** Deletes the oldest messages of before `before` (epoch ms), and of those beyond `keep`; how many, at most `limit`. */
  async prune(before: number, keep: number, limit: number): Promise<number> {
    const [newest] = await this.db.query<{ id: number | null }>('SELECT MAX(id) AS id FROM {status_message}');
    // Numbers are given without gaps worth minding: those more than `keep` behind the newest are too many.
    const beyond = (newest?.id ?? 0) - keep;
    return this.db.execute(
      `DELETE FROM {status_message} WHERE id IN (SELECT id FROM {status_message}
       WHERE at < :before OR id <= :beyond ORDER BY id ${limitSql(this.db.dialect, limit)})`,
      { before, beyond },
    );
  }
}

function toMessage(row: Row): StoredStatusMessage {
  return {
    id: row.id,
    at: row.at,
    service: row.service,
    severity: row.severity as StatusSeverity,
    component: row.component,
    messageId: row.message_id,
    text: row.text,
    ...(row.enrollment_id !== null && { enrollmentId: row.enrollment_id }),
    ...(row.resource_id !== null && { resourceId: row.resource_id }),
    ...(row.deployment_id !== null && { deploymentId: row.deployment_id }),
    ...(row.collection_id !== null && { collectionId: row.collection_id }),
  };
}
