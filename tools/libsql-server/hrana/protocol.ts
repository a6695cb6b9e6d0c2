/** Requests of Hrana 3 (libsql/docs/HRANA_3_SPEC.md), decoded and checked. */

/** A SQLite value as the native driver wants it: bigint is INTEGER, number is REAL, Buffer is BLOB. */
export type NativeValue = null | bigint | number | string | Buffer;

export interface SqlSource {
  readonly sql: string | undefined;
  readonly sqlId: number | undefined;
}

export interface NamedArg {
  readonly name: string;
  readonly value: NativeValue;
}

export interface Stmt extends SqlSource {
  readonly args: readonly NativeValue[];
  readonly namedArgs: readonly NamedArg[];
  readonly wantRows: boolean;
}

export type BatchCond =
  | { readonly type: "ok" | "error"; readonly step: number }
  | { readonly type: "not"; readonly cond: BatchCond }
  | { readonly type: "and" | "or"; readonly conds: readonly BatchCond[] }
  | { readonly type: "is_autocommit" };

export interface BatchStep {
  readonly condition: BatchCond | undefined;
  readonly stmt: Stmt;
}

export type StreamRequest =
  | { readonly type: "execute"; readonly stmt: Stmt }
  | { readonly type: "batch"; readonly steps: readonly BatchStep[] }
  | { readonly type: "sequence" | "describe"; readonly source: SqlSource }
  | { readonly type: "store_sql"; readonly sqlId: number; readonly sql: string }
  | { readonly type: "close_sql"; readonly sqlId: number }
  | { readonly type: "get_autocommit" | "close" };

/** A batch whose results are sent as they are read. */
export interface Cursor {
  readonly baton: string | undefined;
  readonly steps: readonly BatchStep[];
}

export interface Pipeline {
  readonly baton: string | undefined;
  readonly requests: readonly StreamRequest[];
}
