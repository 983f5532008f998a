import { TokenReader as ExpressionReader, type Place, type Token } from '@espalier/conditions';
import { wqlLanguage } from './wql.language.js';

/** Words of the language; a name that is one of them must be written with its class. */
const KEYWORDS: ReadonlySet<string> = new Set(
  'select distinct from as where inner left outer join on and or not like in is null isnull true false right full cross group order by having union'.split(
    ' ',
  ),
);

/** Goes through the tokens of a query. */
export class TokenReader extends ExpressionReader<Place> {
  constructor(text: string) {
    super(text, wqlLanguage);
  }

  expectWord(word: string, where: string): void {
    if (!this.skipWord(word)) this.fail(`Here "${word}" is expected, ${where}.`);
  }

  /** True where a name stands next, not a word of the language. */
  isName(): boolean {
    return this.next.kind === 'word' && !KEYWORDS.has(this.next.value);
  }

  /** A name as it is written. */
  expectName(what: string): Token<Place> {
    return this.isName() ? this.take() : this.fail(`Here the name of ${what} is expected.`);
  }

  /** Says what stands there too. */
  override fail(problem: string, at: Place = this.next.at): never {
    const shown = at.piece.length > 40 ? `${at.piece.slice(0, 40)}…` : at.piece;
    const found = at.piece === '' ? 'The query ends here.' : `Found: ${shown}`;
    return super.fail(`${problem} ${found}`, at);
  }
}
