import type { OpenApiDocument } from '@espalier/nest-kit';

/** The documentation of the API, written once at the start. */
export class ApiDocument {
  constructor(readonly openApi: OpenApiDocument) {}
}
