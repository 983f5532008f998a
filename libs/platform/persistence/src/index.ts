export type * from './database/database.js';
export { openDatabase } from './database/open-database.js';
export {
  DatabaseError,
  isForeignKeyViolation,
  isUnavailable,
  isUniqueViolation,
  type DatabaseErrorKind,
} from './errors/database-error.js';
export * from './migrations/migration.js';
export { renderMigrations } from './migrations/schema-editor.js';
export * from './columns/column-specs.js';
export { column } from './columns/entity-columns.js';
export type * from './outbox/outbox.js';
export type * from './inbox/inbox.js';
export { outboxMigration } from './outbox/outbox.migration.js';
export { createOutbox, type OutboxOptions } from './outbox/outbox.store.js';
export { inboxMigration } from './inbox/inbox.migration.js';
export { createInbox } from './inbox/inbox.store.js';
export { insertIfAbsent, insertRows, upsert } from './statements/write-rows.js';
export type { Row } from './statements/row-source.js';
export { claimRows, type Claim } from './statements/claim-rows.js';
export { limitSql, page, type Page, type PageRequest } from './statements/page.js';
export { resealColumn, type ResealColumn, type ResealResult } from './reseal/reseal-column.js';
export { idListSql, splitIds, type IdListSql } from './sql/id-list.js';
export { jsonItems, jsonRows, type JsonColumns, type JsonColumnType } from './sql/json-rows.js';
export { joinedTexts } from './sql/joined-texts.js';
export { textListSql, type TextListSql } from './sql/text-list.js';
export { rowLock, type RowLock } from './sql/row-lock.js';
export { bindSql, type BoundStatement } from './sql/sql-template.js';
export { openServiceDatabase, type DatabaseHost } from './database/service-database.js';
export { TimeRecorder, type TimeRecorderOptions } from './recorders/time-recorder.js';
