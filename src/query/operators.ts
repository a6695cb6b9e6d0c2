import type { ColumnFamily } from "../columns/column-type.ts";

const ALL = ["text", "number", "temporal", "boolean", "enum", "uuid", "json"] as const;
const EQUATABLE = ["text", "number", "temporal", "boolean", "enum", "uuid"] as const;
const ORDERED = ["text", "number", "temporal", "enum", "uuid"] as const;
const TEXT = ["text"] as const;

interface Operator {
  /** How the bracket form parses the value: as one text, a comma-separated list, a pair, or a flag. */
  readonly takes: "ONE" | "LIST" | "PAIR" | "FLAG";
  readonly families: readonly ColumnFamily[];
  /** Whether a null satisfies it: the result at the end of a null reference. */
  readonly holdsOnNull: boolean;
}

/** All filter operators. A new one is an entry here and one in `sql/condition/compile-test.ts`. */
export const operators = {
  eq: { takes: "ONE", families: EQUATABLE, holdsOnNull: false },
  neq: { takes: "ONE", families: EQUATABLE, holdsOnNull: true },
  gt: { takes: "ONE", families: ORDERED, holdsOnNull: false },
  gte: { takes: "ONE", families: ORDERED, holdsOnNull: false },
  lt: { takes: "ONE", families: ORDERED, holdsOnNull: false },
  lte: { takes: "ONE", families: ORDERED, holdsOnNull: false },
  like: { takes: "ONE", families: TEXT, holdsOnNull: false },
  ilike: { takes: "ONE", families: TEXT, holdsOnNull: false },
  startsWith: { takes: "ONE", families: TEXT, holdsOnNull: false },
  endsWith: { takes: "ONE", families: TEXT, holdsOnNull: false },
  in: { takes: "LIST", families: EQUATABLE, holdsOnNull: false },
  notIn: { takes: "LIST", families: EQUATABLE, holdsOnNull: true },
  between: { takes: "PAIR", families: ORDERED, holdsOnNull: false },
  isNull: { takes: "FLAG", families: ALL, holdsOnNull: true },
  isNotNull: { takes: "FLAG", families: ALL, holdsOnNull: false },
} as const satisfies Record<string, Operator>;

export type OperatorName = keyof typeof operators;

export const OPERATOR_NAMES = Object.keys(operators) as readonly OperatorName[];

export const isOperatorName = (name: string): name is OperatorName => Object.hasOwn(operators, name);

export const operatorOf = (name: OperatorName): Operator => operators[name];
