/**
 * A value bound to, or read from, a statement. Integers are `number` while safe, and `bigint` beyond ±(2^53−1). A
 * `number` with a fraction, or outside the safe range, is a REAL.
 */
export type SqlValue = null | string | number | bigint;

/** The rows of a result, each in the order of its columns. */
export type Rows = readonly (readonly SqlValue[])[];

/** The number of characters in all texts of the rows. */
export function textLengthOf(rows: Rows): number {
  let length = 0;
  for (const row of rows) for (const value of row) if (typeof value === "string") length += value.length;
  return length;
}

/** The length from which parsing rows, or encoding what was read, takes so long that others get their turn before it. */
export const LONG_TEXT = 256 * 1024;

/** An SQL text with its bound arguments, in order. */
export interface Statement {
  readonly sql: string;
  readonly args: readonly SqlValue[];
  /** Whether it returns one row at most, which an engine in this process reads with less work. */
  readonly isOneRow?: boolean;
  /** Arguments that each request binds, by position. */
  readonly slots?: ReadonlyMap<number, Slot>;
}

/** Stands for a value that each request binds: one of the values of a rule's operand. */
export class Slot {
  readonly operand: number;
  readonly index: number;

  constructor(operand: number, index: number) {
    this.operand = operand;
    this.index = index;
  }
}

/** `values` has the values of each operand. */
export function bindSlots(
  { sql, args, slots }: Statement,
  values: readonly (readonly SqlValue[])[],
): Statement {
  if (!slots) return { sql, args };
  const bound = [...args];
  for (const [position, { operand, index }] of slots) bound[position] = values[operand]?.[index] ?? null;
  return { sql, args: bound };
}
