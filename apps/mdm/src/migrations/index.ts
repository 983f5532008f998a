import { outboxMigration, type Migration } from '@espalier/persistence';
import { createMdm } from './2026-11-21-create-mdm.js';
import { inventoryAndDeclarations } from './2026-11-21-mdm-inventory-and-declarations.js';
import { resyncOfDeclarations } from './2026-11-21-resync-of-declarations.js';
import { revocableLinks } from './2026-11-21-revocable-links.js';

/** The history of the schema, in order. */
export const mdmMigrations: readonly Migration[] = [
  createMdm,
  outboxMigration,
  inventoryAndDeclarations,
  resyncOfDeclarations,
  revocableLinks,
];
