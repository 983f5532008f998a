import { randomUUID } from 'node:crypto';
import { setDeclarations, type Declaration } from '@espalier/contracts';
import { parseDeclarationItems, type DeclarationState } from '@espalier/mdm-protocol';
import type { z } from 'zod';
import type { MdmHarness, SpecDevice } from '../mdm.fixture.js';

export const declaration = (identifier: string, version = 1, payload: object = {}): Declaration => ({
  identifier,
  type: 'com.apple.configuration.passcode.settings',
  serverToken: `${identifier}-v${version}`,
  payload: { Version: version, ...payload },
});

/** As a device says it of such a declaration. */
export const state = (identifier: string, over: Partial<DeclarationState> = {}): DeclarationState => ({
  kind: 'configuration',
  identifier,
  serverToken: `${identifier}-v1`,
  active: true,
  valid: 'valid',
  reasons: [],
  ...over,
});

export function setOn(
  harness: MdmHarness,
  devices: readonly SpecDevice[],
  declarations: readonly Declaration[],
  over: object = {},
): Promise<z.output<typeof setDeclarations.response>> {
  return harness.rooms.rpc.declarations.set(
    setDeclarations.request.parse({
      requestId: randomUUID(),
      enrollmentIds: devices.map((device) => device.udid),
      declarations,
      createdBy: 'spec',
      ...over,
    }),
  );
}

/** `<kind>/<identifier> <server token>` of what the device is told of. */
export async function advertised(device: SpecDevice): Promise<string[]> {
  const { declarations } = parseDeclarationItems((await device.declarative('declaration-items')).body);
  return declarations.map(({ kind, identifier, serverToken }) => `${kind}/${identifier} ${serverToken}`);
}

/** What others were told of devices' declarations. */
export async function statusEvents(harness: MdmHarness): Promise<Record<string, unknown>[]> {
  return (await harness.events())
    .filter((event) => event.subject === 'declaration.status-reported')
    .map((event) => event.payload);
}
