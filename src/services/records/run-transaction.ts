import { AppError, type Detail, withPrefix } from "../../errors/app-error.ts";
import { validationFailed } from "../../errors/failures.ts";
import type { JsonObject } from "../../model/json.ts";
import { rejectUnknownParameters } from "../../query/parse/parameters.ts";
import type { QueryTarget } from "../../query/plan/target.ts";
import type { WorkspaceContext } from "../context.ts";
import type { PlanningView } from "../fence/fenced-plan.ts";
import { runFenced } from "../fence/run-fenced.ts";
import {
  type EarlierOperations,
  FORGET_IDS,
  type NamedOperation,
  type ResolvedBody,
  rememberId,
  resolveReferences,
  withRememberedIds,
} from "./operation-references.ts";
import { planTogether, type TargetedWrite } from "./plan-together.ts";
import { type PlannedWrite, planCreate, planDelete, planUpdate, surroundingsOf } from "./planned-write.ts";
import { expectedVersionOf, type RecordBody, type RecordQuery, versionAsked } from "./record-input.ts";
import { targetIn } from "./record-view.ts";
import { parseTransaction, type TransactionOperation } from "./transaction-body.ts";

/**
 * Writes of several entities, in order, all or nothing, in one round trip. Records by operation; null for deletes.
 * Throws WORKSPACE_STATUS, BAD_REQUEST, and the error of an operation with `Operation {i}: ` before its message;
 * validation problems of all operations are reported together.
 */
export async function runTransaction(
  ctx: WorkspaceContext,
  input: RecordBody & RecordQuery,
): Promise<readonly (JsonObject | null)[]> {
  return runFenced(ctx, {
    need: "WRITE",
    plan(planning) {
      const targeted = targetOperations(planning, parseTransaction(input.body()));
      rejectUnknownParameters(input.query(), []);
      const planned = planOperations(ctx, targeted);
      const nameOf = (index: number) => planned[index]?.remembered;
      const together = planTogether(ctx, planned, {
        inItem: inOperation,
        after(index) {
          const name = nameOf(index);
          return name === undefined ? [] : [rememberId(name)];
        },
      });
      return {
        statements: [...together.statements, FORGET_IDS],
        shape: (results) => together.recordsOf(results),
        ...(together.explain && { explain: together.explain }),
        replay: together.keptRecordsOf,
      };
    },
  });
}

const OPERATION_OF = { POST: "create", PUT: "update", PATCH: "update", DELETE: "delete" } as const;

interface TargetedOperation {
  readonly operation: TransactionOperation;
  readonly target: QueryTarget;
}

/** Throws FORBIDDEN, else NOT_FOUND, of the first operation whose entity its key may not use, or that has none. */
function targetOperations(
  planning: PlanningView,
  operations: readonly TransactionOperation[],
): readonly TargetedOperation[] {
  const { results, errors } = attemptEach(operations, (operation) => {
    return { operation, target: targetIn(planning, operation.entity, [OPERATION_OF[operation.method]]) };
  });
  const first = errors.find(({ error }) => error.code === "FORBIDDEN") ?? errors[0];
  if (first) throw inOperation(first.index, first.error);
  return results;
}

interface PlannedOperation extends TargetedWrite {
  /** The name under which the database keeps the id that it gives. */
  readonly remembered: string | undefined;
}

function planOperations(
  ctx: WorkspaceContext,
  operations: readonly TargetedOperation[],
): readonly PlannedOperation[] {
  const earlier: EarlierOperations = { named: new Map(), copiedLength: 0 };
  const { results, errors } = attemptEach(operations, ({ operation, target }) => {
    const { write, pending } = planOperation(ctx, target, { operation, earlier });
    const name = "as" in operation ? operation.as : undefined;
    if (name !== undefined) earlier.named.set(name, { entity: target.entity, write, pending });
    return { write, target, remembered: write.id === undefined ? name : undefined };
  });
  if (errors.length > 0) throw worstOf(errors);
  return results;
}

interface OperationError {
  readonly index: number;
  readonly error: AppError;
}

/** What each item gives, and the errors of those that give none. */
function attemptEach<T, R>(items: readonly T[], work: (item: T) => R) {
  const errors: OperationError[] = [];
  const results = items.flatMap((item, index): readonly R[] => {
    try {
      return [work(item)];
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      errors.push({ index, error: thrown });
      return [];
    }
  });
  return { results, errors };
}

interface OperationInTurn {
  readonly operation: TransactionOperation;
  readonly earlier: EarlierOperations;
}

function planOperation(
  ctx: WorkspaceContext,
  target: QueryTarget,
  { operation, earlier }: OperationInTurn,
): Omit<NamedOperation, "entity"> {
  const { entity } = target;
  if (operation.method === "DELETE") {
    const expectedVersion = expectedVersionOf(entity, { expected: versionAsked(operation.ifMatch) });
    return { write: planDelete(target, String(operation.id), expectedVersion), pending: new Map() };
  }
  const resolved = resolveReferences(entity, operation.body, earlier);
  const { body, pending } = resolved;
  const now = { ...surroundingsOf(ctx, target), pending };
  if (operation.method === "POST") {
    const write = collecting(resolved, () => planCreate(target, body, now));
    return { write: withRememberedIds(write, entity.columns, pending), pending };
  }
  const expectedVersion = expectedVersionOf(entity, { expected: versionAsked(operation.ifMatch) });
  const request = { id: String(operation.id), body, expectedVersion };
  const write = collecting(resolved, () => planUpdate(target, request, now));
  const bound = entity.columns.filter((column) => write.values.has(column));
  return { write: withRememberedIds(write, bound, pending), pending };
}

/** Problems of references take the place of what the body's validation says of the same fields. */
function collecting({ details }: ResolvedBody, plan: () => PlannedWrite): PlannedWrite {
  if (details.length === 0) return plan();
  const fields = new Set(details.map(({ field }) => field));
  let others: readonly Detail[] = [];
  try {
    plan();
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    others = (thrown.details ?? []).filter(({ field }) => !fields.has(field));
  }
  throw validationFailed([...details, ...others]);
}

/** The contract's order: all validation problems together, then missing records. */
function worstOf(errors: readonly OperationError[]): AppError {
  const invalid = errors.filter(({ error }) => error.details !== undefined);
  const [first] = [...invalid, ...errors];
  if (!first) throw new Error("no operation has failed");
  if (first.error.details === undefined) return inOperation(first.index, first.error);
  const details = invalid.flatMap(({ index, error }) => detailsIn(index, error));
  return withPrefix(`Operation ${first.index}: `, validationFailed(details));
}

function detailsIn(index: number, { details = [] }: AppError): readonly Detail[] {
  return details.map(({ field, message }) => ({ field: `operations[${index}].${field}`, message }));
}

function inOperation(index: number, error: AppError): AppError {
  const located = error.details ? validationFailed(detailsIn(index, error)) : error;
  return withPrefix(`Operation ${index}: `, located);
}
