import { randomBytes, randomUUID } from 'node:crypto';
import { buildCheckin, type CheckinMessage, type EnrollmentIds } from '@espalier/mdm-protocol';
import { fingerprint, parseCertificate } from '@espalier/x509';
import type { RetryOptions } from '../http/retry.js';
import { withRetry } from '../http/retry.js';
import { factsOf } from '../identity/device-facts.js';
import { modelOf } from '../identity/device-identity.js';
import type { ManagementPlan, ScepPlan } from '../profile/enrollment-plan.js';
import { enrollByScep } from '../scep/scep-enroller.js';
import type { DeviceFolder } from '../state/device-folder.js';
import type { DeviceState } from '../state/device-state.js';
import type { DeviceServices } from './device-services.js';
import type { MdmConnection } from './mdm-connection.js';

/** The steps by which a device becomes managed; each is on disk once it is done, so a restart goes on from there. */
export interface EnrollmentSteps {
  readonly folder: DeviceFolder;
  readonly plan: ManagementPlan;
  readonly services: DeviceServices;
  readonly retry: RetryOptions;
}

/** Key and certificate. @returns the certificate's SHA-256 and its end */
export async function obtainIdentity(
  { folder, plan, services, retry }: EnrollmentSteps,
  scep: ScepPlan,
): Promise<{ fingerprint: string; notAfter: string }> {
  const key = folder.key ?? (await services.keys.take(scep.keySize));
  // Before it is sent: the server may issue a certificate for it and the answer be lost.
  folder.saveKey(key);
  const http = services.clients.open(plan.roots, undefined);
  try {
    const device = folder.state.identity;
    const certificate = await enrollByScep({ plan: scep, device, key, http, retry, now: services.now });
    folder.saveCertificate(certificate);
    folder.update({ phase: 'certified' });
    const { notAfter } = parseCertificate(certificate);
    return { fingerprint: fingerprint(certificate), notAfter: notAfter.toISOString() };
  } finally {
    services.clients.release(http);
  }
}

export async function authenticate(
  folder: DeviceFolder,
  plan: ManagementPlan,
  mdm: MdmConnection,
): Promise<void> {
  const { identity } = folder.state;
  const model = modelOf(identity);
  const { name, osVersion, buildVersion } = factsOf(folder.state);
  await checkIn(mdm, {
    messageType: 'Authenticate',
    enrollment: { udid: identity.udid },
    topic: plan.topic,
    deviceName: name,
    // Mobile devices tell their order number here, and the identifier as ProductName only.
    model: identity.platform === 'mac' ? model.identifier : model.modelNumber.slice(0, 5),
    modelName: model.modelName,
    osVersion,
    buildVersion,
    productName: model.identifier,
    serialNumber: identity.serial,
    ...(identity.imei !== undefined && { imei: identity.imei }),
  });
  folder.update({ phase: 'authenticated' });
}

/** How the messages of a channel name it. */
export function enrollmentIdsOf({ identity, user }: DeviceState): EnrollmentIds {
  const { udid } = identity;
  if (user === undefined) return { udid };
  return { udid, userId: user.id, userShortName: user.shortName, userLongName: user.longName };
}

/** Gets a new device token for a channel and tells the server. */
export async function updateToken(steps: EnrollmentSteps, mdm: MdmConnection): Promise<string> {
  const { folder, plan, services, retry } = steps;
  const pushToken = await withRetry(() => services.push.newToken(plan.topic, retry.signal), retry);
  const mobile = folder.state.identity.platform !== 'mac';
  const enrollment = enrollmentIdsOf(folder.state);
  const pushMagic = folder.state.pushMagic ?? randomUUID().toUpperCase();
  const unlockToken = folder.state.unlockToken ?? (mobile ? randomBytes(256).toString('base64') : undefined);
  // Pushes may come as soon as the server knows: the magic must be known here by then.
  folder.update({ pushToken, pushMagic, unlockToken });
  await checkIn(mdm, {
    messageType: 'TokenUpdate',
    enrollment,
    topic: plan.topic,
    pushMagic,
    token: Buffer.from(pushToken, 'hex'),
    ...(unlockToken !== undefined && { unlockToken: Buffer.from(unlockToken, 'base64') }),
    ...(mobile ? {} : { notOnConsole: false }),
  });
  folder.update({ phase: 'enrolled' });
  return pushToken;
}

export async function checkOut(
  folder: DeviceFolder,
  plan: ManagementPlan,
  mdm: MdmConnection,
): Promise<void> {
  const { udid } = folder.state.identity;
  await checkIn(mdm, { messageType: 'CheckOut', enrollment: { udid }, topic: plan.topic });
}

/** Check-in messages in use here have no answer but 200; a body is passed over, as devices do. */
function checkIn(mdm: MdmConnection, message: CheckinMessage): Promise<void> {
  return mdm.send({ kind: 'checkin', body: buildCheckin(message), read: () => undefined });
}
