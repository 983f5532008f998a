import { inboxMigration, outboxMigration, type Migration } from '@espalier/persistence';
import { createMdmPolicy } from './2026-11-21-create-mdm-policy.js';
import { findQueuedItems } from './2026-11-21-find-queued-items.js';

/** The history of the schema, in order. */
export const mdmPolicyMigrations: readonly Migration[] = [
  createMdmPolicy,
  outboxMigration,
  inboxMigration,
  findQueuedItems,
];
