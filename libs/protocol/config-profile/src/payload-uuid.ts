import { createHash } from 'node:crypto';

/** Gives a payload its `PayloadUUID`, from its `PayloadIdentifier`. */
export type PayloadUuidSource = (payloadIdentifier: string) => string;

/**
 * The same UUID for the same identifier, always and everywhere, so that a profile built again updates the installed
 * one in place. RFC 9562 §5.8 (version 8) over SHA-256, in Apple's capitals.
 */
export const stableUuid: PayloadUuidSource = (payloadIdentifier) => {
  const bytes = createHash('sha256')
    .update(`espalier payload\0${payloadIdentifier}`)
    .digest()
    .subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex').toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};
