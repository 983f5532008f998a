export {
  StrictMdmServer,
  type Interference,
  type SeenRequest,
  type StrictProfileOptions,
} from './strict-mdm-server.js';
export type { ReceivedResult, StrictEnrollment } from './strict-channel.js';
export type { Answer } from './strict-scep.js';
export { recordEvents, SimBench } from './sim-bench.js';
export {
  StrictDeclarations,
  type StrictDeclaration,
  type StrictStatus,
  type StrictStatusReport,
} from './strict-declarations.js';
