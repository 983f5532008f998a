import type { DevicePlatform } from './device-identity.js';

/** A model that Apple sells or sold. Which OS a device runs is in its facts. */
export interface DeviceModel {
  readonly platform: DevicePlatform;
  /** Such as `Mac15,6`. */
  readonly identifier: string;
  /** Such as `MacBook Pro`. */
  readonly modelName: string;
  /** Order number. */
  readonly modelNumber: string;
  /** `SoftwareUpdateDeviceID`: what software updates are made for. */
  readonly boardId: string;
  readonly appleSilicon: boolean;
  readonly hasBattery: boolean;
  readonly cellular: boolean;
  readonly capacityGb: number;
}

type Row = readonly [
  identifier: string,
  modelName: string,
  modelNumber: string,
  boardId: string,
  capacityGb: number,
  traits?: string,
];

const macs: readonly Row[] = [
  ['Mac15,6', 'MacBook Pro', 'MRX33LL/A', 'J514sAP', 512, 'battery'],
  ['Mac14,2', 'MacBook Air', 'MLXW3LL/A', 'J413AP', 256, 'battery'],
  ['Mac15,12', 'MacBook Air', 'MRXN3LL/A', 'J613AP', 256, 'battery'],
  ['Mac14,3', 'Mac mini', 'MMFJ3LL/A', 'J473AP', 256],
  ['iMac21,1', 'iMac', 'MGTF3LL/A', 'J456AP', 256],
  ['Mac14,13', 'Mac Studio', 'MQH73LL/A', 'J475cAP', 512],
  ['MacBookPro16,1', 'MacBook Pro', 'MVVJ2LL/A', 'J152fAP', 512, 'battery intel'],
];
const iphones: readonly Row[] = [
  ['iPhone17,3', 'iPhone', 'MYAP3LL/A', 'D47AP', 128],
  ['iPhone16,1', 'iPhone', 'MTQR3LL/A', 'D83AP', 256],
  ['iPhone15,4', 'iPhone', 'MTLH3LL/A', 'D37AP', 128],
  ['iPhone14,7', 'iPhone', 'MPUF3LL/A', 'D27AP', 128],
  ['iPhone14,6', 'iPhone', 'MMX53LL/A', 'D49AP', 64],
];
const ipads: readonly Row[] = [
  ['iPad16,3', 'iPad', 'MVV83LL/A', 'J717AP', 256],
  ['iPad14,8', 'iPad', 'MUWC3LL/A', 'J507AP', 128],
  ['iPad13,18', 'iPad', 'MPQ03LL/A', 'J271AP', 64],
  ['iPad14,2', 'iPad', 'MK893LL/A', 'J311AP', 64, 'cellular'],
];

function toModel(platform: DevicePlatform, row: Row): DeviceModel {
  const [identifier, modelName, modelNumber, boardId, capacityGb, traits = ''] = row;
  return {
    platform,
    identifier,
    modelName,
    modelNumber,
    boardId,
    capacityGb,
    appleSilicon: platform === 'mac' && !traits.includes('intel'),
    hasBattery: platform !== 'mac' || traits.includes('battery'),
    cellular: platform === 'iphone' || traits.includes('cellular'),
  };
}

/** The models that simulated devices are drawn from. */
export const deviceModels: readonly DeviceModel[] = [
  ...macs.map((row) => toModel('mac', row)),
  ...iphones.map((row) => toModel('iphone', row)),
  ...ipads.map((row) => toModel('ipad', row)),
];
