import type { Rows } from "../../db/database.ts";
import { guardProblemOf, requireSome } from "../../db/write-guard.ts";
import type { AppError } from "../../errors/app-error.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Statement } from "../../model/sql-value.ts";
import type { WorkspaceContext } from "../context.ts";
import type { FencedPlan } from "../fence/run-fenced.ts";
import { explainFailure, type PlannedWrite, recordOf } from "./planned-write.ts";

/** Writes that stand or fall together: what each one requires is checked in the transaction, before it. */
export function planTogether(
  ctx: WorkspaceContext,
  writes: readonly PlannedWrite[],
  inItem: (index: number, error: AppError) => AppError,
): Pick<FencedPlan<never>, "statements" | "explain"> {
  const owned = writes.flatMap((write, index) =>
    statementsOf(write).map((statement) => ({ index, statement })),
  );
  return {
    statements: owned.map(({ statement }) => statement),
    async explain(failure) {
      const index = owned[failure.index]?.index ?? -1;
      const write = writes[index];
      if (!write) return undefined;
      if (guardProblemOf(failure) === "ABSENT")
        return write.requires && inItem(index, write.requires.otherwise);
      const error = await explainFailure(ctx, write, failure);
      return error && inItem(index, error);
    },
  };
}

/** The records of writes that were planned together; null for deletes. */
export function recordsOf(
  writes: readonly PlannedWrite[],
  results: readonly Rows[],
): readonly (JsonObject | null)[] {
  let position = 0;
  return writes.map((write) => {
    position += statementsOf(write).length;
    return recordOf(write, results[position - 1] ?? []);
  });
}

function statementsOf({ requires, statement }: PlannedWrite): readonly Statement[] {
  return requires ? [requireSome(requires.query, "ABSENT"), statement] : [statement];
}
