/** Attribute identifiers of a pkiMessage (RFC 8894 §3.2.1). */
export const scepOid = {
  messageType: '2.16.840.1.113733.1.9.2',
  pkiStatus: '2.16.840.1.113733.1.9.3',
  failInfo: '2.16.840.1.113733.1.9.4',
  senderNonce: '2.16.840.1.113733.1.9.5',
  recipientNonce: '2.16.840.1.113733.1.9.6',
  transactionId: '2.16.840.1.113733.1.9.7',
  failInfoText: '1.3.6.1.5.5.7.24.1',
} as const;

/** Wire values of message types (RFC 8894 §3.2.1.2). */
export const messageTypeValues = {
  CertRep: '3',
  RenewalReq: '17',
  PKCSReq: '19',
  GetCertInitial: '20',
  GetCert: '21',
  GetCRL: '22',
} as const;

/** `GetCertInitial` is called CertPoll in RFC 8894. */
export type MessageType = keyof typeof messageTypeValues;

/** Wire values of a CertRep's status (RFC 8894 §3.2.1.3). */
export const pkiStatusValues = { SUCCESS: '0', FAILURE: '2', PENDING: '3' } as const;

export type PkiStatus = keyof typeof pkiStatusValues;

/** Wire values of failInfo (RFC 8894 §3.2.1.4). */
export const failInfoValues = {
  badAlg: '0',
  badMessageCheck: '1',
  badRequest: '2',
  badTime: '3',
  badCertId: '4',
} as const;

/** Why a request was refused. A wrong challenge is `badRequest`. */
export type FailInfo = keyof typeof failInfoValues;

/** The name of a wire value, or `undefined`. */
export function nameOfValue<T extends string>(
  values: Readonly<Record<T, string>>,
  wire: string,
): T | undefined {
  return (Object.keys(values) as T[]).find((name) => values[name] === wire);
}

/** Cap on a pkiMessage, in bytes. */
export const maxMessageBytes = 2 * 1024 * 1024;
