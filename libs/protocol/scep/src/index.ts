export { buildCertRep, type CertRepBasics, type CertRepInput } from './cert-rep.builder.js';
export { parsePkiMessage } from './pki-message.parser.js';
export type {
  EnrollmentRequest,
  PkiRequest,
  PkiRequestHeader,
  PollRequest,
  QueryRequest,
} from './pki-message.types.js';
export {
  chooseAlgorithms,
  formatCapabilities,
  parseCapabilities,
  scepCapabilities,
  type ScepCapability,
} from './scep.capabilities.js';
export {
  buildGetCertInitial,
  buildPkcsReq,
  type CertRep,
  parseCertRep,
  type PkcsReqInput,
  type SentRequest,
} from './scep.client.js';
export { ScepError, type ScepErrorCode } from './scep.error.js';
export {
  buildCaCertReply,
  decodeGetMessage,
  encodeGetMessage,
  parseCaCertReply,
  type ScepBody,
  scepContentTypes,
} from './scep.transport.js';
export { type FailInfo, maxMessageBytes, type MessageType, type PkiStatus } from './scep.values.js';
