import { idTextOf } from "../../columns/record-id.ts";
import { validationFailed } from "../../errors/api-errors.ts";
import { type AppError, withPrefix } from "../../errors/app-error.ts";
import type { JsonObject, JsonValue } from "../../model/json.ts";
import type { PlanningView } from "../../model/workspace.ts";
import { type RecordTarget, targetIn } from "../../query/plan/target-in.ts";
import { attemptEach, type ItemError } from "./attempts.ts";
import { type Precondition, versionRulesOf } from "./expected-version.ts";
import { type Created, planCreation } from "./plan-creation.ts";
import { planDelete } from "./plan-delete.ts";
import { planTogether, type TargetedWrite } from "./plan-together.ts";
import { planUpdate } from "./plan-update.ts";
import {
  collecting,
  type EarlierOperations,
  noneEarlier,
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
  readonly id: JsonValue;
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
    replay: { content: null, rebuild: together.keptRecordsOf },
  };
}

function planOperations(
  view: PlanningView,
  operations: readonly TargetedOperation[],
): readonly TargetedWrite[] {
  const earlier = noneEarlier(operations.length);
  const { results, errors } = attemptEach(operations, ({ operation, target }, index) => {
    const { write, pending } = planOperation(view, { operation, target, index }, earlier);
    if (operation.kind === "DELETE" || operation.as === undefined) return { write, target };
    const { as: name, body } = operation;
    earlier.named.set(name, { entity: target.entity, write, pending, body });
    return { write: write.id === undefined ? { ...write, remember: rememberInserted(name) } : write, target };
  });
  if (errors.length > 0) throw worstOf(errors);
  return results;
}

function planOperation(
  view: PlanningView,
  { operation, target, index }: TargetedOperation & { readonly index: number },
  earlier: EarlierOperations,
): Created {
  const { entity } = target;
  if (operation.kind === "DELETE") {
    const write = planDelete(
      target,
      { id: idTextOf(entity, operation.id) },
      versionRulesOf(entity, operation),
    );
    return { write, pending: new Map() };
  }
  if (operation.kind === "CREATE") {
    const { as: name = `operations[${index}]`, body } = operation;
    return planCreation(
      { target, body, name },
      { planning: view, earlier, hasReferences: true, mayNest: true },
    );
  }
  const { body, pending, made, details } = resolveReferences(target.stored.entity, operation.body, earlier);
  const context = { ...validationContextOf(view, target, earlier.patterns), pending, made };
  const request = { id: idTextOf(entity, operation.id), body, rules: versionRulesOf(entity, operation) };
  return { write: collecting(details, () => planUpdate(target, request, context)), pending };
}

/** The contract's order: all validation problems together, then missing records. */
function worstOf(errors: readonly ItemError[]): AppError {
  const invalid = errors.filter(({ error }) => error.details !== undefined);
  const [first] = [...invalid, ...errors];
  if (!first) throw new Error("no operation has failed");
  if (first.error.details === undefined) return inOperation(first.index, first.error);
  const details = invalid.flatMap(({ index, error }) => inOperation(index, error).details ?? []);
  return withPrefix(`Operation ${first.index}: `, validationFailed(details));
}

const inOperation = (index: number, error: AppError): AppError =>
  withPrefix(`Operation ${index}: `, error, (field) => `operations[${index}].${field}`);
