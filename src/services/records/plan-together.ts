import type { Rows } from "../../db/database.ts";
import { hasFoundNothing, requireSome } from "../../db/write-guard.ts";
import type { AppError } from "../../errors/app-error.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Statement } from "../../model/sql-value.ts";
import type { WorkspaceContext } from "../context.ts";
import type { FencedPlan } from "../fence/run-fenced.ts";
import { explainFailure, type PlannedWrite, recordOf } from "./planned-write.ts";

interface OwnedStatement {
  /** Position of the write that it belongs to. */
  readonly index: number;
  readonly statement: Statement;
  /** What to say when the statement is a requirement that does not hold. */
  readonly otherwise?: AppError;
  readonly isWrite: boolean;
}

/** Writes that stand or fall together. */
export interface Together extends Pick<FencedPlan<never>, "statements" | "explain"> {
  /** The records of the writes; null for deletes. */
  recordsOf(results: readonly Rows[]): readonly (JsonObject | null)[];
}

/**
 * What each write requires is checked in the transaction, right before it: an UPDATE of no row is no error in SQL, but
 * it is one here. `after` may add a statement behind a write.
 */
export function planTogether(
  ctx: WorkspaceContext,
  writes: readonly PlannedWrite[],
  {
    inItem,
    after,
  }: { inItem(index: number, error: AppError): AppError; after?(index: number): readonly Statement[] },
): Together {
  const owned = writes.flatMap((write, index): OwnedStatement[] => [
    ...write.requires.map(({ query, otherwise }) => ({
      index,
      statement: requireSome(query),
      otherwise,
      isWrite: false,
    })),
    { index, statement: write.statement, isWrite: true },
    ...(after?.(index) ?? []).map((statement) => ({ index, statement, isWrite: false })),
  ]);
  return {
    statements: owned.map(({ statement }) => statement),
    recordsOf(results) {
      const written = results.filter((_, i) => owned[i]?.isWrite);
      return writes.map((write, i) => recordOf(write, written[i] ?? []));
    },
    async explain(failure) {
      const { index = -1, otherwise } = owned[failure.index] ?? {};
      const write = writes[index];
      if (!write) return undefined;
      const error = hasFoundNothing(failure) ? otherwise : await explainFailure(ctx, write, failure);
      return error && inItem(index, error);
    },
  };
}
