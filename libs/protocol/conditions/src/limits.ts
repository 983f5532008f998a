/** What one expression may hold; the same for every language that ends in conditions. */
export interface ExpressionLimits {
  /** Characters of the whole text. */
  readonly characters: number;
  /** Conditions, those of subqueries included. */
  readonly conditions: number;
  /** Parentheses and `not` around each other. */
  readonly depth: number;
  readonly joins: number;
  /** Subqueries inside each other. */
  readonly subqueries: number;
  /** Values in lists, all together: SQL Server takes 2,100 parameters. */
  readonly values: number;
  /** Characters of one text value: SQL Server takes patterns of 4,000. */
  readonly text: number;
}

export const expressionLimits: ExpressionLimits = {
  characters: 8_000,
  conditions: 100,
  depth: 30,
  joins: 10,
  subqueries: 2,
  values: 1_000,
  text: 1_000,
};
