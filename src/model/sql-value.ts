/**
 * A value as bound to, or read from, a statement. Integers are `number` while safe and `bigint` beyond ±(2^53−1);
 * a `number` with a fraction, or outside the safe range, is a REAL.
 */
export type SqlValue = null | string | number | bigint;

/** One SQL text with its bound arguments, in order. */
export interface Statement {
  readonly sql: string;
  readonly args: readonly SqlValue[];
}
