import type { DictReader, PlistLimits } from '@espalier/plist';
import type { CheckinMessage, CheckinMessageType, GetTokenMessage } from './checkin.messages.js';
import { readEnrollmentIds, type EnrollmentIds } from './enrollment.js';
import { MdmProtocolError } from './mdm-protocol.error.js';
import { present, readMessage } from './message.reader.js';

type Message<T extends CheckinMessageType> = Extract<CheckinMessage, { messageType: T }>;
type Readers = {
  [T in CheckinMessageType]: (message: DictReader, enrollment: EnrollmentIds) => Message<T>;
};

const readers: Readers = {
  Authenticate: (message, enrollment) =>
    present<Message<'Authenticate'>>({
      messageType: 'Authenticate',
      enrollment,
      topic: message.string('Topic'),
      deviceName: message.optionalString('DeviceName'),
      model: message.optionalString('Model'),
      modelName: message.optionalString('ModelName'),
      osVersion: message.optionalString('OSVersion'),
      buildVersion: message.optionalString('BuildVersion'),
      productName: message.optionalString('ProductName'),
      serialNumber: message.optionalString('SerialNumber'),
      imei: message.optionalString('IMEI'),
      meid: message.optionalString('MEID'),
    }),

  TokenUpdate: (message, enrollment) => {
    const token = message.data('Token');
    if (token.length === 0) throw new MdmProtocolError('is empty', 'Token');
    return present<Message<'TokenUpdate'>>({
      messageType: 'TokenUpdate',
      enrollment,
      topic: message.string('Topic'),
      pushMagic: message.string('PushMagic'),
      token,
      unlockToken: message.optionalData('UnlockToken'),
      awaitingConfiguration: message.optionalBoolean('AwaitingConfiguration'),
      notOnConsole: message.optionalBoolean('NotOnConsole'),
    });
  },

  CheckOut: (message, enrollment) =>
    present<Message<'CheckOut'>>({
      messageType: 'CheckOut',
      enrollment,
      topic: message.optionalString('Topic'),
    }),

  UserAuthenticate: (message, enrollment) =>
    present<Message<'UserAuthenticate'>>({
      messageType: 'UserAuthenticate',
      enrollment,
      digestResponse: message.optionalString('DigestResponse'),
    }),

  SetBootstrapToken: (message, enrollment) => {
    const bootstrapToken = message.optionalData('BootstrapToken');
    return present<Message<'SetBootstrapToken'>>({
      messageType: 'SetBootstrapToken',
      enrollment,
      bootstrapToken: bootstrapToken?.length === 0 ? undefined : bootstrapToken,
      awaitingConfiguration: message.optionalBoolean('AwaitingConfiguration'),
    });
  },

  GetBootstrapToken: (message, enrollment) =>
    present<Message<'GetBootstrapToken'>>({
      messageType: 'GetBootstrapToken',
      enrollment,
      awaitingConfiguration: message.optionalBoolean('AwaitingConfiguration'),
    }),

  GetToken: (message, enrollment) => {
    const parameters = message.optionalDict('TokenParameters');
    return present<Message<'GetToken'>>({
      messageType: 'GetToken',
      enrollment,
      tokenServiceType: message.string('TokenServiceType'),
      tokenParameters: parameters && readTokenParameters(parameters),
    });
  },

  DeclarativeManagement: (message, enrollment) =>
    present<Message<'DeclarativeManagement'>>({
      messageType: 'DeclarativeManagement',
      enrollment,
      endpoint: message.string('Endpoint'),
      data: message.optionalData('Data'),
    }),
};

function readTokenParameters(parameters: DictReader): NonNullable<GetTokenMessage['tokenParameters']> {
  return present<NonNullable<GetTokenMessage['tokenParameters']>>({
    securityToken: parameters.optionalString('SecurityToken'),
    phoneUdid: parameters.optionalString('PhoneUDID'),
    watchUdid: parameters.optionalString('WatchUDID'),
  });
}

/**
 * Reads the body of a check-in request. Keys that Apple adds later are passed over.
 *
 * @throws MdmProtocolError if it is not a property list, names an unknown message, or a key is missing or wrong
 */
export function parseCheckin(body: Uint8Array, limits?: Partial<PlistLimits>): CheckinMessage {
  const message = readMessage(body, limits);
  const messageType = message.string('MessageType');
  if (!isCheckinMessageType(messageType)) {
    throw new MdmProtocolError('names a message that is not known', 'MessageType');
  }
  return readers[messageType](message, readEnrollmentIds(message));
}

function isCheckinMessageType(name: string): name is CheckinMessageType {
  return Object.hasOwn(readers, name);
}
