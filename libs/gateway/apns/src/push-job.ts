import type { PushRequest } from './apns-client.options.js';
import type { PushOutcome } from './push-outcome.js';
import type { Queueable } from './push-queue.js';

const MAX_TOKEN_BYTES = 100;
const MAX_PAYLOAD_BYTES = 4096;

/** A push on its way. The token stays inside: nothing outside is keyed by it (devices may share one). */
export interface PushJob extends Queueable {
  readonly path: string;
  readonly body: string;
  readonly collapse: string | undefined;
  readonly attempt: number;
  sends: number;
  settled: boolean;
  cancel: (() => void) | undefined;
  readonly settle: (outcome: PushOutcome) => void;
}

function hexOf(token: PushRequest['token']): string {
  return typeof token === 'string' ? token.toLowerCase() : Buffer.from(token).toString('hex');
}

function bodyOf(pushMagic: string): string {
  return JSON.stringify({ mdm: pushMagic });
}

/** What a job takes from its request. */
export function requestOf({
  token,
  pushMagic,
  collapse,
}: PushRequest): Pick<PushJob, 'path' | 'body' | 'collapse'> {
  return { path: `/3/device/${hexOf(token)}`, body: bodyOf(pushMagic), collapse };
}

/** What is wrong with a request in itself, so that APNs need not be asked. */
export function checkRequest(request: PushRequest): PushOutcome | undefined {
  const token = hexOf(request.token);
  if (!/^(?:[0-9a-f]{2})+$/.test(token) || token.length > MAX_TOKEN_BYTES * 2) {
    return { kind: 'token-invalid', reason: 'BadDeviceToken' };
  }
  if (request.pushMagic === '' || Buffer.byteLength(bodyOf(request.pushMagic)) > MAX_PAYLOAD_BYTES) {
    return { kind: 'rejected', reason: 'BadPushMagic' };
  }
  if (request.collapse !== undefined && !/^[\x21-\x7e]{1,64}$/.test(request.collapse)) {
    return { kind: 'rejected', reason: 'BadCollapseId' };
  }
  return undefined;
}
