import type { TokenReader } from './token.reader.js';

/** What a language makes of what is read. */
export interface ConditionGrammar<Node> {
  /** Reads what is neither joined, negated nor in parentheses. */
  readonly leaf: () => Node;
  /** Of two parts or more. */
  readonly chain: (kind: 'and' | 'or', parts: Node[]) => Node;
  readonly not: (part: Node) => Node;
  /** Reads what may follow a condition in parentheses; nothing unless given. */
  readonly closed?: (condition: Node) => Node;
  /** What is said of a missing closing parenthesis besides that it is expected. */
  readonly closing?: string;
}

/** Reads a condition: `not` binds strongest, then `and`, then `or`; parentheses bind stronger than all. */
export function readCondition<Node>(
  tokens: Pick<
    TokenReader<never>,
    'skipConnective' | 'skipWord' | 'skipSymbol' | 'expectSymbol' | 'deeper' | 'countCondition'
  >,
  grammar: ConditionGrammar<Node>,
): Node {
  const chain = (kind: 'and' | 'or', part: () => Node): Node => {
    const first = part();
    const parts = [first];
    while (tokens.skipConnective(kind)) parts.push(part());
    return parts.length === 1 ? first : grammar.chain(kind, parts);
  };
  const whole = (): Node => chain('or', () => chain('and', negatable));
  const negatable = (): Node => {
    if (tokens.skipWord('not')) return tokens.deeper(() => grammar.not(negatable()));
    if (!tokens.skipSymbol('(')) {
      tokens.countCondition();
      return grammar.leaf();
    }
    return tokens.deeper(() => {
      const condition = whole();
      tokens.expectSymbol(')', grammar.closing);
      return grammar.closed?.(condition) ?? condition;
    });
  };
  return whole();
}
