import { outboxMigration, type Migration } from '@espalier/persistence';
import { createMdm } from './2026-11-21-create-mdm.js';

/** The history of the schema, in order. */
export const mdmMigrations: readonly Migration[] = [createMdm, outboxMigration];
