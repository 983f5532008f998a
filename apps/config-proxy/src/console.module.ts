import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { apiScopes } from '@espalier/contracts';
import { buildOpenApi, endpointsOf } from '@espalier/nest-kit';
import { approvalControllers, approvalProviders } from './approvals/approval.rooms.js';
import { clientTaskControllers, clientTaskProviders } from './client-tasks/client-task.rooms.js';
import { CollectionController } from './collections/collection.controller.js';
import { CollectionService } from './collections/collection.service.js';
import { DirectRuleService } from './collections/direct-rule.service.js';
import { MemberController } from './collections/member.controller.js';
import { MemberService } from './collections/member.service.js';
import { MembershipExplainer } from './collections/membership.explainer.js';
import { PreviewService } from './collections/preview.service.js';
import { QueryClassService } from './collections/query-class.service.js';
import { RuleController } from './collections/rule.controller.js';
import { RuleService } from './collections/rule.service.js';
import { VariableController } from './collections/variable.controller.js';
import { VariableService } from './collections/variable.service.js';
import { CollectionCommandService } from './commands/collection-command.service.js';
import { deploymentControllers, deploymentProviders } from './deployments/deployment.rooms.js';
import { IdempotencyService } from './idempotency/idempotency.service.js';
import { InventoryController } from './inventory/inventory.controller.js';
import { InventoryService } from './inventory/inventory.service.js';
import { JobController } from './jobs/job.controller.js';
import { JobService } from './jobs/job.service.js';
import { libraryControllers, libraryProviders } from './library/library.rooms.js';
import { MaintenanceWindowController } from './maintenance-windows/maintenance-window.controller.js';
import { MaintenanceWindowService } from './maintenance-windows/maintenance-window.service.js';
import { DeviceController } from './resources/device.controller.js';
import { ResourceService } from './resources/resource.service.js';
import type { SiteRooms } from './site.rooms.js';
import { UserController } from './users/user.controller.js';
import { UserService } from './users/user.service.js';
import { adminServiceControllers, adminServiceProviders } from './admin-service/admin-service.rooms.js';
import { AboutController } from './about/about.controller.js';
import { auditControllers, auditProviders } from './audit/audit.rooms.js';
import { ApiDocument } from './about/api-document.js';
import { exampleWords, waitsForApproval } from './about/api-words.js';
import { accessControllers, accessProviders, type AccessRooms } from './access/access.rooms.js';
import { CommandAnswers } from './commands/command-answers.js';
import { CommandController } from './commands/command.controller.js';
import { EnrollmentController } from './enrollments/enrollment.controller.js';
import { EnrollmentLinkController } from './enrollment-links/enrollment-link.controller.js';
import { EventController } from './events/event.controller.js';
import { EventService } from './events/event.service.js';
import { MdmClient } from './mdm/mdm.client.js';

/** Every controller behind the console port. */
export const consoleControllers: readonly Type[] = [
  AboutController,
  DeviceController,
  InventoryController,
  UserController,
  CollectionController,
  RuleController,
  MemberController,
  VariableController,
  MaintenanceWindowController,
  ...libraryControllers,
  ...deploymentControllers,
  JobController,
  EnrollmentController,
  CommandController,
  EnrollmentLinkController,
  EventController,
  ...accessControllers,
  ...approvalControllers,
  ...clientTaskControllers,
  ...auditControllers,
  ...adminServiceControllers,
];

/** What the controllers need. */
export interface ConsoleServices {
  readonly mdm: MdmClient;
  readonly access: AccessRooms;
  readonly events: EventService;
  readonly site: SiteRooms;
}

@Module({})
// oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows a module by its class.
class ConsoleModule {}

/** The Nest application behind the console port. */
export function consoleModule({ mdm, access, events, site }: ConsoleServices): DynamicModule {
  const openApi = buildOpenApi({
    title: 'Espalier console API',
    version: '1',
    description:
      'Devices, collections, deployments, commands and live events of one site. Errors are RFC 9457 problem details.',
    endpoints: endpointsOf(consoleControllers),
    scopes: apiScopes,
    insteads: [waitsForApproval],
    words: exampleWords,
  });
  return {
    module: ConsoleModule,
    controllers: [...consoleControllers],
    providers: [
      { provide: MdmClient, useValue: mdm },
      ...accessProviders(access),
      {
        provide: CommandAnswers,
        useValue: new CommandAnswers({ visibility: access.visibility, audit: site.audit.audit }),
      },
      { provide: EventService, useValue: events },
      ...siteProviders(site),
      { provide: ApiDocument, useValue: new ApiDocument(openApi) },
    ],
  };
}

/** What the controllers of the site core need. */
function siteProviders(site: SiteRooms) {
  const { resources, collections, deployments } = site;
  return [
    { provide: IdempotencyService, useValue: site.idempotency },
    { provide: JobService, useValue: site.jobs },
    { provide: CollectionCommandService, useValue: site.collectionCommands },
    ...adminServiceProviders(site.adminService),
    ...approvalProviders(site.approvals),
    ...clientTaskProviders(site.clientTasks),
    ...auditProviders(site.audit),
    { provide: ResourceService, useValue: resources.resources },
    { provide: InventoryService, useValue: resources.inventory },
    { provide: UserService, useValue: resources.users },
    { provide: CollectionService, useValue: collections.collections },
    { provide: RuleService, useValue: collections.rules },
    { provide: DirectRuleService, useValue: collections.directRules },
    { provide: MemberService, useValue: collections.members },
    { provide: MembershipExplainer, useValue: collections.explainer },
    { provide: PreviewService, useValue: collections.previews },
    { provide: QueryClassService, useValue: collections.queryClasses },
    { provide: VariableService, useValue: collections.variables },
    { provide: MaintenanceWindowService, useValue: collections.windows },
    ...libraryProviders(site.library),
    ...deploymentProviders(deployments, site.status),
  ];
}
