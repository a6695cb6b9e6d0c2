import { PatternBudget } from "../../columns/pattern-budget.ts";
import { AppError, type Detail, RefusedRequest, withPrefix } from "../../errors/app-error.ts";
import { validationFailed } from "../../errors/failures.ts";
import type { JsonObject } from "../../model/json.ts";
import type { PlanningView } from "../../model/workspace.ts";
import { type RecordTarget, targetIn } from "../../query/plan/target-in.ts";
import { type Precondition, versionRulesOf } from "./expected-version.ts";
import { planCreate } from "./plan-create.ts";
import { planDelete } from "./plan-delete.ts";
import { planTogether, type TargetedWrite } from "./plan-together.ts";
import { planUpdate } from "./plan-update.ts";
import type { PlannedWrite } from "./planned-write.ts";
import {
  type EarlierOperations,
  type NamedOperation,
  type ResolvedBody,
  rememberInserted,
  resolveReferences,
} from "./references.ts";
import { validationContextOf } from "./validation-context.ts";
import type { WritePlan } from "./write-plan.ts";

/** An operation of a transaction. */
export type TransactionOperation =
  | { readonly kind: "CREATE"; readonly entity: string; readonly as?: string; readonly body: JsonObject }
  | (ExistingRecord & { readonly kind: "UPDATE"; readonly as?: string; readonly body: JsonObject })
  | (ExistingRecord & { readonly kind: "DELETE" });

interface ExistingRecord extends Precondition {
  readonly entity: string;
  /** As in a path. */
  readonly id: string;
}

export interface TargetedOperation {
  readonly operation: TransactionOperation;
  readonly target: RecordTarget;
}

const OPERATION_OF = { CREATE: "create", UPDATE: "update", DELETE: "delete" } as const;

/**
 * Finds the entities of operations. Throws FORBIDDEN or NOT_FOUND for the first operation that cannot have its entity.
 */
export function targetOperations(
  view: PlanningView,
  operations: readonly TransactionOperation[],
): readonly TargetedOperation[] {
  const { results, errors } = attemptEach(operations, (operation) => {
    return { operation, target: targetIn(view, operation.entity, [OPERATION_OF[operation.kind]]) };
  });
  const first = errors.find(({ error }) => error.code === "FORBIDDEN") ?? errors[0];
  if (first) throw inOperation(first.index, first.error);
  return results;
}

/** Plans writes to several entities, in order, all or none. Throws the error of an operation, with its position. */
export function planTransaction(
  view: PlanningView,
  operations: readonly TargetedOperation[],
): WritePlan<readonly (JsonObject | null)[]> {
  const planned = planOperations(view, operations);
  const together = planTogether(planned, { isReturning: true, inItem: inOperation });
  return {
    kind: "WRITE",
    steps: together.steps,
    shape: together.recordsOf,
    repetition: { content: null, replay: together.keptRecordsOf },
  };
}

function planOperations(
  view: PlanningView,
  operations: readonly TargetedOperation[],
): readonly TargetedWrite[] {
  const earlier: EarlierOperations = { named: new Map(), copiedLength: 0, patterns: new PatternBudget() };
  const { results, errors } = attemptEach(operations, ({ operation, target }) => {
    const { write, pending } = planOperation(view, { operation, target }, earlier);
    const name = "as" in operation ? operation.as : undefined;
    if (name === undefined) return { write, target };
    earlier.named.set(name, { entity: target.entity, write, pending });
    return { write: write.id === undefined ? { ...write, remember: rememberInserted(name) } : write, target };
  });
  if (errors.length > 0) throw worstOf(errors);
  return results;
}

function planOperation(
  view: PlanningView,
  { operation, target }: TargetedOperation,
  earlier: EarlierOperations,
): Omit<NamedOperation, "entity"> {
  const { entity } = target;
  if (operation.kind === "DELETE") {
    const write = planDelete(target, { id: operation.id }, versionRulesOf(entity, operation));
    return { write, pending: new Map() };
  }
  const resolved = resolveReferences(target.stored.entity, operation.body, earlier);
  const { body, pending } = resolved;
  const context = { ...validationContextOf(view, target, earlier.patterns), pending };
  if (operation.kind === "CREATE")
    return { write: collecting(resolved, () => planCreate(target, body, context)), pending };
  const request = { id: operation.id, body, rules: versionRulesOf(entity, operation) };
  return { write: collecting(resolved, () => planUpdate(target, request, context)), pending };
}

/** Problems of references replace the validation's problems of the same fields. */
function collecting({ details }: ResolvedBody, plan: () => PlannedWrite): PlannedWrite {
  if (details.length === 0) return plan();
  const fields = new Set(details.map(({ field }) => field));
  let others: readonly Detail[] = [];
  try {
    plan();
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown instanceof RefusedRequest) throw thrown;
    others = (thrown.details ?? []).filter(({ field }) => !fields.has(field));
  }
  throw validationFailed([...details, ...others]);
}

interface OperationError {
  readonly index: number;
  readonly error: AppError;
}

/** The results of the items that have one, and the errors of the others. */
function attemptEach<T, R>(items: readonly T[], work: (item: T) => R) {
  const errors: OperationError[] = [];
  const results = items.flatMap((item, index): readonly R[] => {
    try {
      return [work(item)];
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown instanceof RefusedRequest) throw thrown;
      errors.push({ index, error: thrown });
      return [];
    }
  });
  return { results, errors };
}

/** The contract's order: all validation problems together, then missing records. */
function worstOf(errors: readonly OperationError[]): AppError {
  const invalid = errors.filter(({ error }) => error.details !== undefined);
  const [first] = [...invalid, ...errors];
  if (!first) throw new Error("no operation has failed");
  if (first.error.details === undefined) return inOperation(first.index, first.error);
  const details = invalid.flatMap(({ index, error }) => inOperation(index, error).details ?? []);
  return withPrefix(`Operation ${first.index}: `, validationFailed(details));
}

const inOperation = (index: number, error: AppError): AppError =>
  withPrefix(`Operation ${index}: `, error, `operations[${index}].`);
