import type { DeviceRequest, DeviceResponse, DeviceRoute } from '@espalier/dmz-link';
import { MdmProtocolError, mdmMessageKind, parseCheckin } from '@espalier/mdm-protocol';
import { Counter, type Registry } from '@espalier/service-kit';
import type { DeliveryService } from '../command-queue/delivery.service.js';
import type { DeviceDeclarationsService } from '../declarations/device-declarations.service.js';
import type { DeviceIdentity, IdentityService } from '../identity/identity.service.js';
import { checkinErrors } from './checkin.errors.js';
import type { CheckinService } from './checkin.service.js';

const CHECKIN_BYTES = 1024 * 1024;
/** An InstalledApplicationList of a full Mac is some 100 KB; certificates and restrictions stay below a few MB. */
const REPORT_BYTES = 8 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
const EMPTY: DeviceResponse = { status: 200 };
const JSON_TYPE = { 'content-type': 'application/json' };
const PLIST = { 'content-type': 'application/xml; charset=utf-8' };

export interface CheckinRoutesOptions {
  readonly identity: IdentityService;
  readonly checkin: CheckinService;
  readonly delivery: DeliveryService;
  readonly declarations: DeviceDeclarationsService;
  readonly metrics: Registry;
}

/** What enrolled devices talk to: check-in and command channel. */
export function checkinRoutes(options: CheckinRoutesOptions): DeviceRoute[] {
  const messages = new Counter({
    name: 'espalier_mdm_messages_total',
    help: 'Messages of devices that were accepted',
    labelNames: ['type'],
    registers: [options.metrics],
  });
  const handle = (request: DeviceRequest): Promise<DeviceResponse> => answer(request, options, messages);
  const common = { methods: ['PUT'], auth: 'none', timeoutMs: TIMEOUT_MS, retry: 'never', handle } as const;
  return [
    { id: 'mdm-checkin', prefix: '/mdm/checkin', maxBody: CHECKIN_BYTES, ...common },
    { id: 'mdm-connect', prefix: '/mdm/connect', maxBody: REPORT_BYTES, ...common },
  ];
}

async function answer(
  request: DeviceRequest,
  options: CheckinRoutesOptions,
  messages: Counter<'type'>,
): Promise<DeviceResponse> {
  const body = await request.body();
  const identity = options.identity.identify(request, body);
  try {
    if (mdmMessageKind(request.headers['content-type']) === 'checkin') {
      const { type, response } = await answerCheckin(body, identity, options);
      messages.inc({ type });
      return response;
    }
    const command = await options.delivery.exchange(body, identity);
    messages.inc({ type: command === undefined ? 'poll-empty' : 'poll-command' });
    return command === undefined ? EMPTY : { status: 200, headers: PLIST, body: command };
  } catch (error) {
    if (error instanceof MdmProtocolError)
      throw checkinErrors.ESP_MDM_CHECKIN_INVALID({ detail: error.message, cause: error });
    throw error;
  }
}

async function answerCheckin(
  body: Buffer,
  identity: DeviceIdentity,
  { checkin, declarations }: CheckinRoutesOptions,
): Promise<{ type: string; response: DeviceResponse }> {
  const message = parseCheckin(body);
  const type = message.messageType;
  switch (type) {
    case 'Authenticate':
      await checkin.authenticate(message, identity);
      return { type, response: EMPTY };
    case 'TokenUpdate':
      await checkin.tokenUpdate(message, identity);
      return { type, response: EMPTY };
    case 'CheckOut':
      await checkin.checkOut(message, identity);
      return { type, response: EMPTY };
    case 'DeclarativeManagement': {
      const json = await declarations.answer(message, identity);
      return { type, response: json === undefined ? EMPTY : { status: 200, headers: JSON_TYPE, body: json } };
    }
    case 'UserAuthenticate':
      // 410 declines management of network users; any other status would make the Mac try again.
      return { type, response: { status: 410 } };
    default:
      throw checkinErrors.ESP_MDM_CHECKIN_INVALID({
        detail: `${type} belongs to a capability that the enrolment profile does not offer.`,
      });
  }
}
