export { Asn1Error, type Asn1ErrorCode } from './asn1.error.js';
export { Asn1Node } from './asn1.node.js';
export { readAsn1, type ReadOptions } from './asn1.reader.js';
export { tagClass, type TagClass, universalTag } from './asn1.tags.js';
export { der, type OptionalElement } from './der.writer.js';
export { FieldReader } from './field.reader.js';
