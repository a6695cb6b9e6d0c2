import { type IdempotentRequest, type KeptRequest, keepAnswer, keepRecord } from "../../db/idempotency.ts";
import { isGuardFailure, requireSome } from "../../db/write-guard.ts";
import type { AppError } from "../../errors/app-error.ts";
import type { Rows } from "../../libsql/database.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Statement } from "../../model/sql-value.ts";
import type { QueryTarget } from "../../query/plan/target.ts";
import { withoutRows } from "../../query/sql/record-statements.ts";
import type { WorkspaceContext } from "../context.ts";
import type { FencedPlan, Requirement } from "../fence/fenced-plan.ts";
import { explainFailure, type PlannedWrite, recordOf } from "./planned-write.ts";
import { idempotentRequestOf, plainView } from "./record-view.ts";

/** A write, and the entity that it writes to. */
export interface TargetedWrite {
  readonly write: PlannedWrite;
  readonly target: QueryTarget;
}

interface OwnedStatement {
  /** Position of the write that it belongs to. */
  readonly index: number;
  readonly statement: Statement;
  /** What to say when the statement is a requirement that does not hold. */
  readonly otherwise?: Requirement["otherwise"];
  readonly isWrite: boolean;
}

/** Writes that stand or fall together. */
export interface Together extends Pick<FencedPlan<never>, "statements" | "explain"> {
  /** The records of the writes; null for deletes. Not for an answer that was known before. */
  recordsOf(results: readonly Rows[]): readonly (JsonObject | null)[];
  /** The same again, from what was kept of an earlier request. */
  keptRecordsOf(kept: KeptRequest): readonly (JsonObject | null)[];
}

export interface TogetherOptions {
  /** What to make of an error by where it happened. */
  inItem(index: number, error: AppError): AppError;
  /** Statements to add behind a write. */
  after?(index: number): readonly Statement[];
  /**
   * The answer to a success, when it is known before. Then the writes return nothing, and it is kept as it is, which is
   * far cheaper than its records.
   */
  readonly answer?: string | undefined;
}

/**
 * What each write requires is checked in the transaction, right before it: an UPDATE of no row is no error in SQL, but
 * it is one here.
 */
export function planTogether(
  ctx: WorkspaceContext,
  writes: readonly TargetedWrite[],
  { inItem, after, answer }: TogetherOptions,
): Together {
  const request = idempotentRequestOf(ctx);
  const keeping = keepingOf(answer === undefined ? request : undefined, writes);
  const owned = writes.flatMap(({ write }, index): OwnedStatement[] => [
    ...write.requires.map(({ query, otherwise }) => ({
      index,
      statement: requireSome(query),
      otherwise,
      isWrite: false,
    })),
    {
      index,
      statement: answer === undefined ? write.statement : withoutRows(write.statement),
      isWrite: true,
    },
    ...[...keeping.statementsOf(index), ...(after?.(index) ?? [])].map((statement) => ({
      index,
      statement,
      isWrite: false,
    })),
  ]);
  const kept = request && answer !== undefined ? [keepAnswer(request, answer)] : [];
  return {
    statements: [...owned.map(({ statement }) => statement), ...kept],
    recordsOf(results) {
      const written = results.filter((_, i) => owned[i]?.isWrite);
      return writes.map(({ write }, i) => recordOf(write, written[i] ?? []));
    },
    keptRecordsOf: keeping.recordsOf,
    async explain(failure) {
      const { index = -1, otherwise } = owned[failure.index] ?? {};
      const write = writes[index]?.write;
      if (!write) return undefined;
      const error = isGuardFailure(failure) ? otherwise?.() : await explainFailure(ctx, write, failure);
      return error && inItem(index, error);
    },
  };
}

/** How the records of several writes are kept for replays; nothing without a request that is to be kept. */
export function keepingOf(request: IdempotentRequest | undefined, writes: readonly TargetedWrite[]) {
  const viewOf = (targeted: TargetedWrite | undefined) => targeted?.write.view(plainView(targeted.target));
  return {
    statementsOf: (index: number): readonly Statement[] =>
      request ? [keepRecord(request, index, viewOf(writes[index])?.statement)] : [],
    recordsOf: ({ records }: KeptRequest) =>
      writes.map((targeted, index) => {
        const content = records.get(index);
        return content === undefined ? null : (viewOf(targeted)?.shape(content).record ?? null);
      }),
  };
}
