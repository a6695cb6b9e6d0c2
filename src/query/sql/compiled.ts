import type { Rows, Statement } from "../../model/sql-value.ts";

/** Statements of one snapshot, and the function that turns their results into the response. */
export interface CompiledRead<Answer> {
  readonly kind: "READ";
  readonly statements: readonly Statement[];
  shape(results: readonly Rows[]): Answer;
}

/**
 * A query whose rows are one text each, maybe with a second query for a single value, and the function that shapes
 * both.
 */
export interface CompiledPage<Answer> {
  readonly kind: "PAGE";
  readonly page: Statement;
  readonly value: Statement | null;
  /** Whether the query finds at most one row; then there is no second query. */
  readonly isOneRow?: boolean;
  shape(results: readonly Rows[]): Answer;
}

export type Compiled<Answer> = CompiledRead<Answer> | CompiledPage<Answer>;

/** The statements of either kind, in order. */
export function statementsOf(compiled: Compiled<unknown>): readonly Statement[] {
  if (compiled.kind === "READ") return compiled.statements;
  return compiled.value ? [compiled.page, compiled.value] : [compiled.page];
}

/** The same with each statement changed, for instance with its slots bound. */
export function mapStatements<Answer>(
  compiled: Compiled<Answer>,
  change: (statement: Statement) => Statement,
): Compiled<Answer> {
  if (compiled.kind === "READ") return { ...compiled, statements: compiled.statements.map(change) };
  const { page, value } = compiled;
  return { ...compiled, page: change(page), value: value && change(value) };
}
