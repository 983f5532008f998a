import type { PlistInputDict } from '@espalier/plist';
import type { CheckinMessage } from './checkin.messages.js';
import { writeEnrollmentIds } from './enrollment.js';
import { writeMessage } from './message.reader.js';

/** Builds the body that a device sends; the inverse of {@link parseCheckin}. For simulators and tests. */
export function buildCheckin(message: CheckinMessage): Buffer {
  return writeMessage({
    MessageType: message.messageType,
    ...writeEnrollmentIds(message.enrollment),
    ...fieldsOf(message),
  });
}

function fieldsOf(message: CheckinMessage): PlistInputDict {
  switch (message.messageType) {
    case 'Authenticate':
      return {
        Topic: message.topic,
        DeviceName: message.deviceName,
        Model: message.model,
        ModelName: message.modelName,
        OSVersion: message.osVersion,
        BuildVersion: message.buildVersion,
        ProductName: message.productName,
        SerialNumber: message.serialNumber,
        IMEI: message.imei,
        MEID: message.meid,
      };
    case 'TokenUpdate':
      return {
        Topic: message.topic,
        PushMagic: message.pushMagic,
        Token: message.token,
        UnlockToken: message.unlockToken,
        AwaitingConfiguration: message.awaitingConfiguration,
        NotOnConsole: message.notOnConsole,
      };
    case 'CheckOut':
      return { Topic: message.topic };
    case 'UserAuthenticate':
      return { DigestResponse: message.digestResponse };
    case 'SetBootstrapToken':
      return { BootstrapToken: message.bootstrapToken, AwaitingConfiguration: message.awaitingConfiguration };
    case 'GetBootstrapToken':
      return { AwaitingConfiguration: message.awaitingConfiguration };
    case 'GetToken':
      return {
        TokenServiceType: message.tokenServiceType,
        TokenParameters: message.tokenParameters && {
          SecurityToken: message.tokenParameters.securityToken,
          PhoneUDID: message.tokenParameters.phoneUdid,
          WatchUDID: message.tokenParameters.watchUdid,
        },
      };
    case 'DeclarativeManagement':
      return { Endpoint: message.endpoint, Data: message.data };
  }
}
