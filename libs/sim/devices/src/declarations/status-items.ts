import { declarationKinds } from '@espalier/mdm-protocol';
import { factsOf } from '../identity/device-facts.js';
import { modelOf } from '../identity/device-identity.js';
import type { DeviceState } from '../state/device-state.js';
import type { DeclarationStatus } from './declaration-status.js';
import { typesOf } from './declaration-types.js';

/** Told in every full report, also where nobody asks for it. */
export const CAPABILITIES = 'management.client-capabilities';

type DeviceSide = Pick<DeviceState, 'identity' | 'facts'>;
type Values = Readonly<Record<string, unknown>>;

/** What this device can tell, by the name of the status item; `management.declarations` is told apart from these. */
export function statusItems(state: DeviceSide): Values {
  const { identity } = state;
  const { osVersion, buildVersion, passcode, fileVault } = factsOf(state);
  const model = modelOf(identity);
  const mac = identity.platform === 'mac';
  const family = mac ? 'macOS' : identity.platform === 'ipad' ? 'iPadOS' : 'iOS';
  const values = {
    'device.identifier.serial-number': identity.serial,
    'device.identifier.udid': identity.udid,
    'device.model.family': mac ? 'Mac' : model.modelName,
    'device.model.identifier': model.identifier,
    'device.model.marketing-name': model.modelName,
    'device.model.number': model.modelNumber,
    'device.operating-system.build-version': buildVersion,
    'device.operating-system.family': family,
    'device.operating-system.marketing-name': `${family} ${osVersion}`,
    'device.operating-system.supplemental.build-version': buildVersion,
    'device.operating-system.supplemental.extra-version': '',
    'device.operating-system.version': osVersion,
    'softwareupdate.device-id': model.boardId,
    ...(model.hasBattery && { 'device.power.battery-health': 'normal' }),
    ...(mac
      ? { 'diskmanagement.filevault.enabled': fileVault }
      : { 'passcode.is-compliant': true, 'passcode.is-present': passcode }),
  };
  return { ...values, [CAPABILITIES]: capabilities(state, Object.keys(values)) };
}

function capabilities(state: DeviceSide, items: readonly string[]): Values {
  const { platform } = state.identity;
  const { osVersion } = factsOf(state);
  const [activations, assets, configurations, management] = declarationKinds.map((kind) =>
    typesOf(kind, platform, osVersion),
  );
  return {
    'supported-versions': ['1.0.0'],
    'supported-features': {},
    'supported-payloads': {
      declarations: { activations, assets, configurations, management },
      'status-items': ['management.declarations', CAPABILITIES, ...items].sort(),
    },
  };
}

/** The status items that active subscriptions ask for. */
export function subscribedItems(statuses: Iterable<DeclarationStatus>): string[] {
  const names = [...statuses]
    .filter(
      ({ active, declaration }) =>
        active && declaration.type === 'com.apple.configuration.management.status-subscriptions',
    )
    .flatMap(({ declaration }) => [declaration.payload['StatusItems']].flat())
    .map((item) => (typeof item === 'object' && item !== null && 'Name' in item ? item.Name : undefined))
    .filter((name) => typeof name === 'string');
  return [...new Set(names)].sort();
}
