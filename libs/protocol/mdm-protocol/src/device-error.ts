import { MdmProtocolError } from './mdm-protocol.error.js';

/** The codes that a device understands in the body of a 403. */
export type DeviceErrorCode =
  /** The device is to unenrol (iOS 17, macOS 14 and later). */
  | 'com.apple.unrecognized.device'
  /** The device must update before it may enrol in Setup Assistant; `details.OSVersion` is required. */
  | 'com.apple.softwareupdate.required'
  | 'com.apple.watch.pairing.token.missing'
  | 'com.apple.well-known.failed';

export interface DeviceError {
  readonly code: DeviceErrorCode;
  /** For the log of the device. */
  readonly description?: string;
  /** For the person at the device. */
  readonly message?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A complete answer to a device. */
export interface DeviceErrorReply {
  readonly status: 403;
  /** Mandatory: without it devices pass over the body. */
  readonly contentType: 'application/json';
  readonly body: Buffer;
}

/**
 * Builds the 403 answer by which a device learns what is wrong. Never answer 401 instead: a Mac unenrols on it.
 *
 * @throws MdmProtocolError if `details` lack what the code requires
 */
export function buildDeviceError(error: DeviceError): DeviceErrorReply {
  const { code, description, message, details } = error;
  if (code === 'com.apple.softwareupdate.required' && typeof details?.['OSVersion'] !== 'string') {
    throw new MdmProtocolError('is required by com.apple.softwareupdate.required', 'details.OSVersion');
  }
  const body = Buffer.from(JSON.stringify({ code, description, message, details }), 'utf8');
  return { status: 403, contentType: 'application/json', body };
}
