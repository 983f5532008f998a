import { FilterReader } from '@espalier/conditions';
import { odataExpressions } from './filter.language.js';
import { ODataError, type ODataStatus } from './odata.error.js';

/** Goes through the tokens of a filter, an order or a list of names. */
export class TokenReader extends FilterReader<number> {
  constructor(text: string) {
    super(text, odataExpressions);
  }

  override fail(problem: string, at: number = this.next.at, status: ODataStatus = 400): never {
    throw new ODataError(status, problem, at);
  }
}
