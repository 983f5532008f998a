import { createHash } from 'node:crypto';
import type { InventoryKind } from '@espalier/contracts';
import {
  buildCommand,
  inventoryDeviceQueries,
  rawCommand,
  type ApplePlatform,
  type MdmCommand,
} from '@espalier/mdm-protocol';
import { buildPlist } from '@espalier/plist';
import type { Tx } from '@espalier/persistence';
import type { IntakeService } from '../command-queue/intake.service.js';

/** A command that all devices of a platform are asked by. */
export interface StandingCommand {
  readonly commandId: string;
  readonly requestType: string;
}

const CREATED_BY = 'espalier';

/**
 * The questions that devices are asked again and again, each stored once: asking costs a queue row only. Their ids
 * are made of what they say, so that every replica finds the same, and a new version asks by new ones.
 */
export class StandingCommands {
  readonly #stored = new Set<string>();

  constructor(
    private readonly intake: IntakeService,
    private readonly now: () => Date,
  ) {}

  async of(tx: Tx, kind: InventoryKind, platform: ApplePlatform): Promise<StandingCommand> {
    const command = questions[kind](platform);
    const hash = createHash('sha256').update(buildPlist(command)).digest();
    const commandId = uuidOf(hash);
    if (!this.#stored.has(commandId)) {
      await this.intake.addCommand(tx, {
        id: commandId,
        requestId: `standing:${commandId}`,
        requestHash: hash,
        command,
        createdAt: this.now().getTime(),
        createdBy: CREATED_BY,
        standing: true,
      });
      tx.afterCommit(() => this.#stored.add(commandId));
    }
    return { commandId, requestType: command.RequestType };
  }
}

const questions: Readonly<Record<InventoryKind, (platform: ApplePlatform) => MdmCommand>> = {
  device: (platform) =>
    buildCommand('DeviceInformation', { platform, queries: inventoryDeviceQueries[platform] }),
  security: () => rawCommand({ RequestType: 'SecurityInfo' }),
  profiles: () => buildCommand('ProfileList', {}),
  applications: () => rawCommand({ RequestType: 'InstalledApplicationList' }),
};

/** A UUID of version 8 (RFC 9562: made of data of one's own). */
function uuidOf(hash: Buffer): string {
  const hex = hash.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
