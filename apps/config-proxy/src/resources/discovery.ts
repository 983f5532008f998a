import type { DeviceFacts } from '@espalier/contracts';
import { storedText } from '../inventory/inventory.values.js';
import { identityEvidence, type IdentityEvidence } from './identity.js';
import { majorVersion, osText, platformOf, type Platform } from './platform.js';
import { discoveryProperties } from './resource.properties.js';

/** What a device told of itself, by column of `resource`; null: not told, so what is known stays. */
export interface Discovery {
  readonly name: string | null;
  readonly netbios_name: string | null;
  readonly serial_number: string | null;
  readonly hardware_uuid: string | null;
  readonly udid: string | null;
  readonly platform: string | null;
  readonly model: string | null;
  readonly model_name: string | null;
  readonly os_name: string | null;
  readonly os_version: string | null;
  readonly os_major_version: number | null;
  readonly os_build: string | null;
}

/** The columns of {@link Discovery}. */
export const DISCOVERY_COLUMNS = [
  'name',
  'netbios_name',
  'serial_number',
  'hardware_uuid',
  'udid',
  'platform',
  'model',
  'model_name',
  'os_name',
  'os_version',
  'os_major_version',
  'os_build',
] as const satisfies readonly (keyof Discovery)[];

/** What an enrolment tells: of Authenticate only a part. */
export interface EnrollmentFacts {
  readonly serialNumber: string | null;
  readonly deviceName: string | null;
  readonly model: string | null;
  readonly modelName?: string | null;
  readonly productName?: string | null;
  readonly osVersion?: string | null;
  readonly buildVersion?: string | null;
}

/** @param enrollmentId of the device channel: the UDID, or an id that stands for it */
export function discoveryOfEnrollment(enrollmentId: string, facts: EnrollmentFacts): Discovery {
  const { productName = null, model, modelName = null, osVersion = null, buildVersion = null } = facts;
  const platform = platformOf(productName, model, modelName);
  return discovery(identityEvidence({ udid: enrollmentId, serialNumber: facts.serialNumber }), {
    deviceName: facts.deviceName,
    localHostName: null,
    model: productName ?? model,
    modelName,
    platform,
    osVersion,
    buildVersion,
  });
}

/** @param enrollmentId of the device channel */
export const discoveryOfFacts = (enrollmentId: string, facts: DeviceFacts): Discovery =>
  discovery(
    identityEvidence({
      udid: enrollmentId,
      hardwareUuid: facts.hardwareUuid,
      serialNumber: facts.serialNumber,
    }),
    { ...facts, model: facts.productName ?? facts.model },
  );

/** The part of a discovery by which records are joined. */
export const evidenceOf = ({ serial_number, hardware_uuid, udid }: Discovery): IdentityEvidence => ({
  smsid: null,
  serialNumber: serial_number,
  hardwareUuid: hardware_uuid,
  udid,
});

function discovery(
  { serialNumber, hardwareUuid, udid }: IdentityEvidence,
  facts: Pick<
    DeviceFacts,
    'deviceName' | 'localHostName' | 'model' | 'modelName' | 'osVersion' | 'buildVersion'
  > & { readonly platform: Platform },
): Discovery {
  const { platform, osVersion } = facts;
  return {
    name: told('name', facts.deviceName),
    netbios_name: netbiosName(facts.localHostName ?? facts.deviceName),
    serial_number: serialNumber,
    hardware_uuid: hardwareUuid,
    udid,
    platform: platform === 'unknown' ? null : platform,
    model: told('model', facts.model),
    model_name: told('model_name', facts.modelName),
    os_name: osVersion === null ? null : told('os_name', osText(platform, osVersion)),
    os_version: told('os_version', osVersion),
    os_major_version: majorVersion(osVersion),
    os_build: told('os_build', facts.buildVersion),
  };
}

const lengths = new Map(discoveryProperties.map(({ column, length = 0 }) => [column, length]));

/** As it is stored, so that it compares with what is. */
const told = (column: keyof Discovery, text: string | null): string | null =>
  text === null || text.trim() === '' ? null : storedText(text, lengths.get(column) ?? 0);

/** 15 characters at most, upper case, as NetBIOS has them. */
function netbiosName(name: string | null): string | null {
  const short = (name ?? '')
    .toUpperCase()
    .replace(/\.LOCAL$/, '')
    .replace(/[^A-Z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 15);
  return short === '' ? null : short;
}
