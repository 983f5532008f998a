import { inboxMigration, outboxMigration, type Migration } from '@espalier/persistence';
import { createAdministrators } from './2026-11-21-create-administrators.js';
import { createApiToken } from './2026-11-21-create-api-token.js';
import { createApprovals } from './2026-11-21-create-approvals.js';
import { createAudit } from './2026-11-21-create-audit.js';
import { createClientOperations } from './2026-11-21-create-client-operations.js';
import { createCollections } from './2026-11-21-create-collections.js';
import { createDeployments } from './2026-11-21-create-deployments.js';
import { createLibrary } from './2026-11-21-create-library.js';
import { createReportingViews } from './2026-11-21-create-reporting-views.js';
import { createResources } from './2026-11-21-create-resources.js';
import { createScripts } from './2026-11-21-create-scripts.js';
import { createSite } from './2026-11-21-create-site.js';
import { limitWhatOnePersonReaches } from './2026-11-21-limit-what-one-person-reaches.js';
import { showArrays } from './2026-11-21-show-arrays.js';

/** The history of the schema, in order. */
export const configProxyMigrations: readonly Migration[] = [
  createApiToken,
  outboxMigration,
  inboxMigration,
  createSite,
  createResources,
  createCollections,
  createLibrary,
  createDeployments,
  createReportingViews,
  createClientOperations,
  createAdministrators,
  createApprovals,
  createAudit,
  createScripts,
  limitWhatOnePersonReaches,
  showArrays,
];
