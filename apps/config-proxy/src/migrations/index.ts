import type { Migration } from '@espalier/persistence';
import { createApiToken } from './2026-11-21-create-api-token.js';

/** The history of the schema, in order. */
export const configProxyMigrations: readonly Migration[] = [createApiToken];
