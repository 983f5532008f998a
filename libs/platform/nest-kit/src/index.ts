export { startNest, type NestOptions, type NestServer } from './start-nest.js';
export {
  defineEndpoint,
  Endpoint,
  endpointsOf,
  type DeclaredEndpoint,
  type EndpointMethod,
  type EndpointReach,
  type EndpointSpec,
  type InputOf,
  type ResultOf,
} from './endpoint/endpoint.js';
export { Input } from './endpoint/input.decorator.js';
export { httpErrors } from './errors/http.errors.js';
export { problemOf } from './errors/problem.filter.js';
export { PROBLEM_CONTENT_TYPE, problemSchema, toProblem, type Problem } from './errors/problem.js';
export { drainOnShutdown } from './http/drain-on-shutdown.js';
export { BodyStream, readBodyStream } from './http/body-streams.js';
export { NestLogger } from './http/nest-logger.js';
export { requestIdOf, type Gate } from './http/request-hooks.js';
export { readTlsFiles, reloadOnHangup, type ClientTrustFiles, type TlsFiles } from './http/tls-files.js';
export {
  buildOpenApi,
  splitResponse,
  type InsteadAnswer,
  type OpenApiDocument,
  type OpenApiOptions,
} from './openapi/openapi.js';
export type { ExampleWords } from './openapi/example.js';
