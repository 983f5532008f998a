import { randomUUID } from 'node:crypto';
import { compareScopes, correctScopes, correctWindows, republishScope } from '@espalier/contracts';
import type { EventPublisher, Messaging } from '@espalier/messaging';
import type { Database, Inbox, Tx } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import { RetentionService, type Logger } from '@espalier/service-kit';
import type { Visibility } from './access/visibility.service.js';
import { buildAdminServiceRooms, type AdminServiceRooms } from './admin-service/admin-service.rooms.js';
import { AdministratorStore } from './administrators/administrator.store.js';
import { ApiTokenStore } from './api-tokens/api-token.store.js';
import { buildAuditRooms, type AuditRooms } from './audit/audit.rooms.js';
import { buildApprovalRooms, type ApprovalRooms } from './approvals/approval.rooms.js';
import { buildClientTaskRooms, type ClientTaskRooms } from './client-tasks/client-task.rooms.js';
import { buildCollectionRooms, type CollectionRooms } from './collections/collection.rooms.js';
import { CollectionCommandService } from './commands/collection-command.service.js';
import { CollectionCommandStore } from './commands/collection-command.store.js';
import type { ConfigProxyConfig } from './config-proxy.config.js';
import { buildDeploymentRooms, type DeploymentRooms } from './deployments/deployment.rooms.js';
import { IdempotencyService } from './idempotency/idempotency.service.js';
import { deviceQueryModel, userQueryModel } from './inventory/query-model.js';
import { JobRunner } from './jobs/job.runner.js';
import { JobService } from './jobs/job.service.js';
import { JobStore } from './jobs/job.store.js';
import { buildLibraryRooms, type LibraryRooms } from './library/library.rooms.js';
import type { MdmClient } from './mdm/mdm.client.js';
import { NumberSeries } from './number-series/number-series.js';
import { buildResourceRooms, type ResourceRooms } from './resources/resource.rooms.js';
import { buildStatusRooms, type StatusRooms } from './status-messages/status.rooms.js';

/** What the site core needs from outside. */
export interface SiteSurroundings {
  readonly db: Database;
  readonly inbox: Inbox;
  readonly messaging: Messaging;
  readonly events: EventPublisher<Tx>;
  readonly mdm: MdmClient;
  readonly vault: Keyring;
  readonly visibility: Visibility;
  readonly settings: Pick<
    ConfigProxyConfig,
    | 'siteCode'
    | 'contentStoreFolder'
    | 'statusRetentionDays'
    | 'inventoryHistoryDays'
    | 'approvals'
    | 'auditRetentionDays'
    | 'approverRestHours'
  >;
  readonly replica: string;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** The site core without its doors. */
export interface SiteRooms {
  readonly idempotency: IdempotencyService;
  readonly jobs: JobService;
  readonly status: StatusRooms;
  readonly collections: CollectionRooms;
  readonly resources: ResourceRooms;
  readonly library: LibraryRooms;
  readonly deployments: DeploymentRooms;
  readonly collectionCommands: CollectionCommandService;
  readonly adminService: AdminServiceRooms;
  readonly approvals: ApprovalRooms;
  readonly clientTasks: ClientTaskRooms;
  readonly audit: AuditRooms;
  /** Begins to work, and to hear other services. */
  start(): Promise<void>;
  /** Finishes what is under way. */
  stop(): Promise<void>;
}

const DAY_MS = 86_400_000;
/** A retry comes within minutes, a person's second try within a day. */
const KEYS_KEPT_DAYS = 2;
/** Longer than a message can come again. */
const INBOX_KEPT_DAYS = 8;
const PRUNED_AT_ONCE = 500;

/** Builds the site core out of its rooms. Read it from top to bottom: what is below uses what is above. */
export function buildSite(outside: SiteSurroundings): SiteRooms {
  const { db, inbox, messaging, events, mdm, vault, settings, replica, logger, now } = outside;
  const numbers = new NumberSeries();
  const idempotency = new IdempotencyService(db, now);
  const jobStore = new JobStore(db);
  const jobs = new JobService({ db, store: jobStore, events, now, uuid: randomUUID });
  const shared = { db, events, messaging, jobs, idempotency, numbers, vault, logger, now, uuid: randomUUID };

  const status = buildStatusRooms(shared);
  const audit = buildAuditRooms({ ...shared, status: status.log });
  const collections = buildCollectionRooms({
    ...shared,
    models: { device: deviceQueryModel, user: userQueryModel },
    siteCode: settings.siteCode,
  });
  const resources = buildResourceRooms({
    ...shared,
    series: numbers,
    changes: collections.changes,
    scope: collections.scope,
    forgetDevice: collections.forgetDevice,
    siteCode: settings.siteCode,
  });
  const library = buildLibraryRooms({
    ...shared,
    listener: { changed: (tx, things) => deployments.deployments.changed(tx, things) },
    deployments: { of: (tx, thing) => deployments.deployments.of(tx, thing) },
    contentStoreFolder: settings.contentStoreFolder,
    replica,
  });
  const deployments: DeploymentRooms = buildDeploymentRooms({
    ...shared,
    status,
    library: library.library,
    scope: collections.scope,
    membership: collections.explainer,
    settings,
  });
  // Deployments know collections; collections ask whoever depends on them before they go.
  collections.addDependant(deployments.ofCollections);
  const collectionCommands = new CollectionCommandService({
    ...shared,
    store: new CollectionCommandStore(),
    mdm,
  });

  const approvals = buildApprovalRooms({
    ...shared,
    status: status.log,
    audit: audit.audit,
    mdm,
    resources: resources.resources,
    changing: { ...library, ...collections, deployments: deployments.deployments },
    people: new AdministratorStore(),
    credentials: new ApiTokenStore(db),
    settings,
  });
  const clientTasks = buildClientTaskRooms({ ...shared, reach: collections.reach, approvals });

  const adminService = buildAdminServiceRooms({
    ...shared,
    collections,
    resources,
    mdm,
    approvals,
    clientTasks,
    visibility: outside.visibility,
    siteCode: settings.siteCode,
  });

  const runner = new JobRunner({
    ...shared,
    store: jobStore,
    kinds: [
      ...collections.jobKinds,
      ...deployments.jobKinds,
      collectionCommands.kind(),
      adminService.operations.kind(),
      clientTasks.jobKind,
      ...approvals.jobKinds,
      ...audit.jobKinds,
    ],
  });
  jobs.workedOnBy(runner);
  const retention = new RetentionService({
    logger,
    now,
    pruners: {
      'audit records': {
        prune: (before) => audit.audit.prune(before, PRUNED_AT_ONCE),
        keepMs: settings.auditRetentionDays * DAY_MS,
      },
      'tasks of Mac clients': {
        prune: clientTasks.prune,
        keepMs: settings.statusRetentionDays * DAY_MS,
      },
      'finished jobs': {
        prune: (before) => jobStore.prune(before, PRUNED_AT_ONCE),
        keepMs: settings.statusRetentionDays * DAY_MS,
      },
      'inventory history': {
        prune: (before) => resources.inventory.pruneHistory(before),
        keepMs: settings.inventoryHistoryDays * DAY_MS,
      },
      'idempotency keys': { prune: (before) => idempotency.prune(before), keepMs: KEYS_KEPT_DAYS * DAY_MS },
      'handled messages': { prune: (before) => inbox.prune(before), keepMs: INBOX_KEPT_DAYS * DAY_MS },
    },
  });

  return {
    idempotency,
    jobs,
    status,
    collections,
    resources,
    library,
    deployments,
    collectionCommands,
    adminService,
    approvals,
    clientTasks,
    audit,
    start: async () => {
      await collections.start();
      await approvals.start();
      audit.start();
      status.listen(messaging, inbox);
      resources.consume(messaging, inbox);
      deployments.listen(inbox);
      messaging.serve(republishScope, collections.republish);
      messaging.serve(compareScopes, (request) => collections.comparison.compare(request));
      messaging.serve(correctScopes, (request) => collections.comparison.correct(request));
      messaging.serve(correctWindows, (request) => collections.windows.correct(request));
      deployments.upkeep.start();
      library.collecting.start();
      clientTasks.upkeep.start();
      runner.start();
    },
    stop: async () => {
      await Promise.all([
        runner.stop(),
        approvals.stop(),
        audit.stop(),
        collections.stop(),
        library.collecting.stop(),
        clientTasks.upkeep.stop(),
        deployments.upkeep.stop(),
        retention.stop(),
      ]);
    },
  };
}
