import {
  cancelCommand,
  createEnrollmentLink,
  getCommand,
  getDeclarations,
  getEnrollment,
  getEnrollmentLink,
  listCommands,
  listEnrollmentLinks,
  listEnrollments,
  mdmErrors,
  pushEnrollment,
  requestInventory,
  revokeEnrollmentLink,
  setDeclarations,
  submitCommand,
} from '@espalier/contracts';
import type { Messaging } from '@espalier/messaging';
import type { CommandService } from './command-queue/command.service.js';
import type { DeclarationService } from './declarations/declaration.service.js';
import type { EnrollmentLinkService } from './enrollment-link/enrollment-link.service.js';
import type { EnrollmentStore } from './enrollment/enrollment.store.js';
import type { InventoryService } from './inventory/inventory.service.js';
import type { PushService } from './push/push.service.js';

export interface RpcServices {
  readonly enrollments: EnrollmentStore;
  readonly commands: CommandService;
  readonly declarations: DeclarationService;
  readonly inventory: InventoryService;
  readonly links: EnrollmentLinkService;
  readonly push: PushService;
}

/** Answers what other services ask of mdm over NATS. */
export function serveRpc(messaging: Messaging, services: RpcServices): void {
  const { enrollments, commands, declarations, inventory, links, push } = services;
  messaging.serve(listEnrollments, async ({ limit, cursor, state, kind, serialNumber }) => {
    const { rows, next } = await enrollments.list({ state, kind, serialNumber }, limit, cursor);
    return { items: rows, ...(next !== undefined && { nextCursor: next }) };
  });
  messaging.serve(getEnrollment, async ({ id }) => {
    const found = await enrollments.get(id);
    if (found === undefined) throw mdmErrors.ESP_MDM_ENROLLMENT_UNKNOWN({ detail: id });
    return found;
  });
  messaging.serve(submitCommand, (request) => commands.submit(request));
  messaging.serve(setDeclarations, (request) => declarations.set(request));
  messaging.serve(getDeclarations, ({ enrollmentId }) => declarations.get(enrollmentId));
  messaging.serve(requestInventory, (request) => inventory.request(request));
  messaging.serve(getCommand, ({ id }) => commands.get(id));
  messaging.serve(listCommands, ({ enrollmentId, limit, cursor }) =>
    commands.list(enrollmentId, limit, cursor),
  );
  messaging.serve(cancelCommand, async ({ id }) => ({ command: await commands.cancel(id) }));
  messaging.serve(pushEnrollment, async ({ id }) => {
    await push.pushNow(id);
    return { scheduled: true };
  });
  messaging.serve(createEnrollmentLink, (request) => links.create(request));
  messaging.serve(listEnrollmentLinks, (request) => links.list(request));
  messaging.serve(getEnrollmentLink, async ({ id }) => ({ link: await links.get(id) }));
  messaging.serve(revokeEnrollmentLink, async (request) => ({ link: await links.revoke(request) }));
}
