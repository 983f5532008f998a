import {
  applicationsReported,
  deviceReported,
  profilesReported,
  securityReported,
  type InventoryKind,
} from '@espalier/contracts';
import { eventMessage, type OutboxMessage } from '@espalier/messaging';
import type { PlistDict } from '@espalier/plist';
import { readApplications } from './facts/application.facts.js';
import { readDeviceFacts } from './facts/device.facts.js';
import { readProfiles } from './facts/profile.facts.js';
import { readSecurityFacts } from './facts/security.facts.js';

/** A command whose answer may be inventory. */
export interface AskedCommand {
  readonly enrollment_id: string;
  readonly inventory: InventoryKind | null;
  readonly created_at: number;
  readonly sent_at: number | null;
}

/**
 * The event that tells what a device answered; none where the command asked for something else, or where the answer
 * lacks what it should be about (an empty list would say that all was removed).
 */
export function inventoryMessage(command: AskedCommand, result: PlistDict, at: number): OutboxMessage[] {
  const report = {
    enrollmentId: command.enrollment_id,
    at,
    askedAt: command.sent_at ?? command.created_at,
  };
  switch (command.inventory) {
    case 'device': {
      const facts = readDeviceFacts(result);
      return facts === undefined ? [] : [eventMessage(deviceReported, { ...report, facts })];
    }
    case 'security': {
      const facts = readSecurityFacts(result);
      return facts === undefined ? [] : [eventMessage(securityReported, { ...report, facts })];
    }
    case 'profiles': {
      const profiles = readProfiles(result);
      return profiles === undefined ? [] : [eventMessage(profilesReported, { ...report, profiles })];
    }
    case 'applications': {
      const applications = readApplications(result);
      return applications === undefined
        ? []
        : [eventMessage(applicationsReported, { ...report, applications })];
    }
    case null:
      return [];
  }
}
