import { parseCheckin } from '@espalier/mdm-protocol';
import {
  SimBench,
  type SeenRequest,
  type StrictDeclaration,
  type StrictStatusReport,
} from './testing/index.js';
import type { DeviceFleet, FleetOptions, SimulatedDevice } from './index.js';

export const passcode: StrictDeclaration = {
  type: 'com.apple.configuration.passcode.settings',
  identifier: 'passcode',
  payload: { MinimumLength: 8 },
};
export const testConfiguration: StrictDeclaration = {
  type: 'com.apple.configuration.management.test',
  identifier: 'test',
  payload: { Echo: 'hello' },
};
export const activation = (
  names: readonly string[],
  more: Readonly<Record<string, unknown>> = {},
): StrictDeclaration => ({
  type: 'com.apple.activation.simple',
  identifier: 'all',
  payload: { StandardConfigurations: names, ...more },
});

/** The endpoint of a DeclarativeManagement check-in, where the request is one. */
export function endpointOf({ path, body }: SeenRequest): string | undefined {
  if (path !== '/checkin') return undefined;
  const message = parseCheckin(body);
  return message.messageType === 'DeclarativeManagement' ? message.endpoint : undefined;
}

/** A Mac with macOS 26.1 at a strict server that serves declarations. */
export class DeclarationsBench {
  private constructor(readonly bench: SimBench) {}

  static async start(): Promise<DeclarationsBench> {
    return new DeclarationsBench(await SimBench.start());
  }

  get server(): SimBench['server'] {
    return this.bench.server;
  }

  async enroll(options: Partial<FleetOptions> = {}): Promise<[DeviceFleet, SimulatedDevice]> {
    const fleet = await this.bench.fleet(options);
    const { enrolled, failed } = await fleet.enroll({
      count: 1,
      platform: 'mac',
      profile: { bytes: this.server.profile() },
    });
    if (failed[0] !== undefined) throw failed[0].error;
    enrolled[0]!.updateOs({ version: '26.1', build: '25B78' });
    return [fleet, enrolled[0]!];
  }

  /** Assigns, tells the device to synchronise, and gives the endpoints that it asked for. */
  async sync(
    device: SimulatedDevice,
    declarations: readonly StrictDeclaration[],
    { withTokens = true } = {},
  ): Promise<string[]> {
    const { udid } = device.identity;
    const served = this.server.channel.declarations;
    served.assign(udid, declarations);
    const before = served.endpoints(udid).length;
    this.server.channel.enqueue(udid, {
      RequestType: 'DeclarativeManagement',
      ...(withTokens && { Data: served.tokens(udid) }),
    });
    await device.connect();
    return served.endpoints(udid).slice(before);
  }

  /** Active, valid and reasons of `kind/identifier`, by all reports together. */
  statusOf({ identity }: SimulatedDevice, key: string): unknown[] | undefined {
    const status = this.server.channel.declarations.status(identity.udid, key);
    return status && [status.active, status.valid, ...(status.reasons ?? []).map(({ code }) => code)];
  }

  reportsOf({ identity }: SimulatedDevice): readonly StrictStatusReport[] {
    return this.server.channel.declarations.reports(identity.udid);
  }
}
