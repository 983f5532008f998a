export { withModelNames } from './body.names.js';
export { bindArguments, bindKey, findEntity, findMethod } from './entity.lookup.js';
export {
  NAMESPACE,
  type ComplexTypeModel,
  type EdmPrimitive,
  type EdmType,
  type ElementSource,
  type EntityModel,
  type EntityProperty,
  type MethodModel,
  type NavigationModel,
  type ParameterModel,
  type ReturnType,
  type ServiceModel,
  type ServiceRoute,
  type TypedName,
} from './entity.model.js';
export { entityOf, entityWriter, type EntityOptions } from './entity.writer.js';
export {
  entityEnvelope,
  errorBody,
  listEnvelope,
  listFrame,
  methodResult,
  serviceDocument,
  valueEnvelope,
  type ListFrame,
  type ListOptions,
  type ODataObject,
  type ServiceContext,
} from './envelope.js';
export type { FilterExpression, FilterOperand } from './filter.ast.js';
export { bindFilter } from './filter.binder.js';
export { evaluateFilter, type EntityValues } from './filter.evaluation.js';
export { parseFilter } from './filter.parser.js';
export { JsonBytes } from './json-bytes.js';
export { odataLimits } from './limits.js';
export { metadataXml } from './metadata.writer.js';
export type { RowWriter } from './object-parts.js';
export { ODataError, type ODataStatus } from './odata.error.js';
export { nextLink, parseQueryOptions, type QueryOptions } from './query.options.js';
export { afterPrefix, parseRequestPath } from './request.path.js';
export type { PathArguments, PathKey, PathValue, RequestTarget } from './request.target.js';
export { parseExpand, parseOrder, parseSelect, type Selection } from './selection.parser.js';
