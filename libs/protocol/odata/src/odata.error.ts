/** 400: the request is wrong; 404: there is no such thing; 501: OData has it, this service does not. */
export type ODataStatus = 400 | 404 | 501;

/** The only error of this library: what is wrong with a request, and what to write instead. */
export class ODataError extends Error {
  override readonly name = 'ODataError';

  constructor(
    /** HTTP status to answer with. */
    readonly status: ODataStatus,
    /** One or more sentences for the caller. */
    message: string,
    /** Where in the text that was read it stands: in characters, from 1. */
    readonly position?: number,
  ) {
    super(position === undefined ? message : `${message} (character ${position})`);
  }
}
