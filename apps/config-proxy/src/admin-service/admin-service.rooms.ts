import type { Provider } from '@nestjs/common';
import type { Messaging } from '@espalier/messaging';
import type { Database } from '@espalier/persistence';
import type { Visibility } from '../access/visibility.service.js';
import type { CollectionService } from '../collections/collection.service.js';
import { CollectionStore } from '../collections/collection.store.js';
import type { RuleService } from '../collections/rule.service.js';
import type { VariableService } from '../collections/variable.service.js';
import type { ApprovalRooms } from '../approvals/approval.rooms.js';
import type { ClientTaskRooms } from '../client-tasks/client-task.rooms.js';
import type { IdempotencyService } from '../idempotency/idempotency.service.js';
import type { JobService } from '../jobs/job.service.js';
import type { MdmClient } from '../mdm/mdm.client.js';
import type { NumberSeries } from '../number-series/number-series.js';
import type { ResourceService } from '../resources/resource.service.js';
import type { UserService } from '../users/user.service.js';
import { AdminServiceService } from './admin-service.service.js';
import { adminServices } from './class.catalogue.js';
import { ClassReader } from './class.reader.js';
import { ClassStore } from './class.store.js';
import { ClientOperationStore } from './client-operation.store.js';
import { ClientTaskHandlers } from './methods/client-task.handlers.js';
import { ClientOperationService } from './methods/client-operation.service.js';
import { CollectionHandlers } from './methods/collection.handlers.js';
import { CollectionRuleReader } from './methods/collection-rule.reader.js';
import { DeviceHandlers } from './methods/device.handlers.js';
import { ExtensionDataHandlers } from './methods/extension-data.handlers.js';
import { RelationshipHandlers } from './methods/relationship.handlers.js';
import { ScriptHandlers } from './methods/script.handlers.js';
import type { DoorHandlers } from './door.js';

export { adminServiceControllers } from './admin-service.controller.js';
export { routedUrl } from './admin-service.url.js';

/** What the door needs of the site core. */
export interface AdminServiceSurroundings {
  readonly db: Database;
  readonly messaging: Pick<Messaging, 'call'>;
  readonly jobs: Pick<JobService, 'create'>;
  readonly numbers: Pick<NumberSeries, 'take'>;
  readonly collections: {
    readonly collections: CollectionService;
    readonly rules: RuleService;
    readonly variables: VariableService;
  };
  readonly resources: { readonly resources: ResourceService; readonly users: UserService };
  readonly visibility: Visibility;
  readonly mdm: Pick<MdmClient, 'ask'>;
  readonly idempotency: IdempotencyService;
  readonly approvals: Pick<ApprovalRooms, 'commands' | 'gate' | 'site'>;
  readonly clientTasks: ClientTaskRooms;
  readonly siteCode: string;
}

export interface AdminServiceRooms {
  readonly adminService: AdminServiceService;
  /** Its kind belongs to the job runner. */
  readonly operations: ClientOperationService;
}

/** Builds the AdminService-compatible door over the site core's own services and tables. */
export function buildAdminServiceRooms(outside: AdminServiceSurroundings): AdminServiceRooms {
  const { db, siteCode, visibility } = outside;
  const { collections, rules, variables } = outside.collections;
  const services = adminServices(siteCode, (taskId, sealed) =>
    outside.clientTasks.tasks.head(taskId, sealed),
  );
  const operations = new ClientOperationService({
    ...outside,
    store: new ClientOperationStore(),
    collections: new CollectionStore(),
    commands: outside.approvals.commands,
  });
  const ofCollections = new CollectionHandlers({
    collections,
    rules,
    ruleReader: new CollectionRuleReader(db, collections),
    visibility,
    gate: outside.approvals.gate,
  });
  const ofTasks = new ClientTaskHandlers(outside);
  const store = new ClassStore(db);
  const ofDevices = new DeviceHandlers({
    ...outside.resources,
    approvals: outside.approvals.site,
    variables,
    operations,
    visibility,
    tasks: ofTasks,
  });
  const ofExtensions = new ExtensionDataHandlers({ ...outside.resources, store, visibility });
  const ofRelationships = new RelationshipHandlers({ ...outside.resources, store });
  const ofScripts = new ScriptHandlers({ ...outside, ...outside.clientTasks });
  const handlers: DoorHandlers = {
    methods: {
      ...ofCollections.methods,
      ...ofDevices.methods,
      ...ofExtensions.methods,
      ...ofRelationships.methods,
      ...ofScripts.methods,
      ...ofTasks.methods,
    },
    writes: {
      ...ofCollections.writes,
      ...ofDevices.writes,
      ...ofRelationships.writes,
      ...ofScripts.writes,
    },
    lazy: { ...ofCollections.lazy, ...ofDevices.lazy, ...ofScripts.lazy },
  };
  const reader = new ClassReader({
    services,
    store,
    lazy: handlers.lazy,
    visibility,
  });
  return { adminService: new AdminServiceService({ services, reader, handlers, siteCode }), operations };
}

/** What the controllers need. */
export const adminServiceProviders = ({ adminService }: AdminServiceRooms): Provider[] => [
  { provide: AdminServiceService, useValue: adminService },
];
