import type { KeyObject } from 'node:crypto';
import { createSignedData } from '@espalier/cms';
import type { EspalierError } from '@espalier/contracts';
import { checkinContentType, commandContentType } from '@espalier/mdm-protocol';
import { isPlistDict, parsePlist, PlistError } from '@espalier/plist';
import type { HttpClient, HttpReply } from '../http/http-client.js';
import { busyServer, withRetry, type RetryOptions } from '../http/retry.js';
import type { ManagementPlan } from '../profile/enrollment-plan.js';
import { simErrors } from '../sim-devices.errors.js';

/** Unreadable answers in a row that a device puts up with. */
const UNREADABLE_ANSWERS = 5;

export interface MdmConnectionOptions {
  readonly plan: ManagementPlan;
  readonly http: HttpClient;
  /** Adds `Mdm-Signature` to every message. */
  readonly signer: { readonly certificate: Buffer; readonly key: KeyObject } | undefined;
  readonly retry: RetryOptions;
  readonly now: () => Date;
}

/** One message of a device to its server. */
export interface MdmMessage<T> {
  readonly kind: 'checkin' | 'command';
  readonly body: Buffer;
  /** Reads the answer; what it throws makes the device ask again. */
  readonly read: (body: Buffer) => T;
  /** See {@link HttpRequest.cutBody}; the first attempt only. */
  readonly cutFirst?: boolean;
}

/** Check-in and command channel of one device (Apple, "Check-in", "Send MDM commands to a device"). */
export class MdmConnection {
  constructor(private readonly options: MdmConnectionOptions) {}

  /**
   * Sends a message until the server takes it.
   * @throws EspalierError ESP_SIM_UNENROLLED (`fields.reason`), ESP_SIM_REQUEST_REFUSED, ESP_SIM_REPLY_INVALID,
   * or the last failure where the attempts are used up
   */
  send<T>(message: MdmMessage<T>): Promise<T> {
    const { plan, http, retry, now } = this.options;
    const { kind, body } = message;
    const url = kind === 'checkin' ? plan.checkInUrl : plan.serverUrl;
    const headers = this.#headers(kind, body);
    let unreadable = 0;
    let cutBody = message.cutFirst ?? false;
    return withRetry(async () => {
      const request = { method: 'PUT', url, headers, body, cutBody, signal: retry.signal } as const;
      cutBody = false;
      const reply = await http.request(request);
      if (reply.status !== 200) {
        const busy = busyServer(reply, now());
        if (busy !== undefined) return busy;
        throw refusal(reply);
      }
      try {
        return message.read(reply.body);
      } catch (cause) {
        unreadable += 1;
        const invalid = simErrors.ESP_SIM_REPLY_INVALID({
          detail: cause instanceof Error ? cause.message : '',
          cause,
        });
        throw unreadable < UNREADABLE_ANSWERS ? invalid : giveUp(invalid);
      }
    }, retry);
  }

  #headers(kind: 'checkin' | 'command', body: Buffer): Record<string, string> {
    const { signer, now } = this.options;
    const signature =
      signer &&
      createSignedData({ content: body, detached: true, signer, digest: 'sha256', signingTime: now() });
    return {
      'content-type': kind === 'checkin' ? checkinContentType : commandContentType,
      ...(signature !== undefined && { 'mdm-signature': signature.toString('base64') }),
    };
  }
}

/** The same error, not to be tried again. */
function giveUp(error: EspalierError): EspalierError {
  return simErrors.ESP_SIM_REQUEST_REFUSED({
    detail: `${UNREADABLE_ANSWERS} answers could not be read.`,
    cause: error,
  });
}

function refusal(reply: HttpReply): EspalierError {
  if (reply.status === 401)
    return simErrors.ESP_SIM_UNENROLLED({ detail: 'It answered 401.', fields: { reason: 'unauthorized' } });
  if (reply.status === 403 && errorCode(reply) === 'com.apple.unrecognized.device')
    return simErrors.ESP_SIM_UNENROLLED({
      detail: 'It answered 403, com.apple.unrecognized.device.',
      fields: { reason: 'unrecognized' },
    });
  const text = reply.body.toString('utf8', 0, 300).replaceAll(/\s+/g, ' ');
  return simErrors.ESP_SIM_REQUEST_REFUSED({
    detail: `It answered ${reply.status}. ${text}`.trim(),
    fields: { status: String(reply.status) },
  });
}

/** The code in the body of a 403; without a content type devices pass over it. */
function errorCode({ headers, body }: HttpReply): string | undefined {
  const type = headers['content-type']?.toLowerCase() ?? '';
  try {
    if (type.includes('json')) {
      const value = JSON.parse(body.toString('utf8')) as { code?: unknown } | null;
      return typeof value?.code === 'string' ? value.code : undefined;
    }
    if (!type.includes('xml')) return undefined;
    const value = parsePlist(body);
    const code = isPlistDict(value) ? value['code'] : undefined;
    return typeof code === 'string' ? code : undefined;
  } catch (error) {
    if (error instanceof PlistError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
