import type { Rows, Statement } from "../../model/sql-value.ts";

/** Statements of one snapshot, and the function that turns their results, in the same order, into the answer. */
export interface CompiledRead<Answer> {
  readonly kind: "READ";
  readonly statements: readonly Statement[];
  shape(results: readonly Rows[]): Answer;
}

/** A query whose rows are one text each, perhaps with another one of a single value, and what becomes of both. */
export interface CompiledPage<Answer> {
  readonly kind: "PAGE";
  readonly page: Statement;
  readonly value: Statement | null;
  shape(results: readonly Rows[]): Answer;
}

export type Compiled<Answer> = CompiledRead<Answer> | CompiledPage<Answer>;

/** The statements of either kind, in order. */
export function statementsOf(compiled: Compiled<unknown>): readonly Statement[] {
  if (compiled.kind === "READ") return compiled.statements;
  return compiled.value ? [compiled.page, compiled.value] : [compiled.page];
}

/** The same with each of its statements changed, such as by binding its slots. */
export function mapStatements<Answer>(
  compiled: Compiled<Answer>,
  change: (statement: Statement) => Statement,
): Compiled<Answer> {
  if (compiled.kind === "READ") return { ...compiled, statements: compiled.statements.map(change) };
  const { page, value } = compiled;
  return { ...compiled, page: change(page), value: value && change(value) };
}
