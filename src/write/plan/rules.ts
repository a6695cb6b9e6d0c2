import type { ValidationContext } from "../../columns/validate-record.ts";
import type { AppError, Detail } from "../../errors/app-error.ts";
import { recordNotAllowed, validationFailed } from "../../errors/failures.ts";
import type { Column } from "../../model/column.ts";
import { fieldsOf } from "../../model/entity.ts";
import type { SqlValue, Statement } from "../../model/sql-value.ts";
import type { Predicate } from "../../query/plan/predicate.ts";
import type { RecordTarget } from "../../query/plan/target-in.ts";
import type { WriteOperation } from "../../query/rules/plan-rules.ts";
import { compileRule } from "../../query/sql/compile-rule.ts";
import { type AttemptedWrite, missingReference, shownValue } from "../failure/diagnose-write.ts";
import type { Assignments } from "../sql/assignments.ts";
import { existsRecord } from "../sql/conditions.ts";
import { onlyIf, type RecordStatement } from "../sql/statement.ts";
import type { Requirement } from "./write-plan.ts";

/* What the rules of a principal add to a write. A principal without rules gets nothing added. */

/** The context of a body for an operation: hidden, read-only and preset fields. Throws FORBIDDEN when a claim is missing. */
export function contextFor(
  target: RecordTarget,
  context: ValidationContext,
  operation: WriteOperation,
): ValidationContext {
  const { visible, entity, stored } = target;
  if (!visible.hasRules) return context;
  const { isWritable, presets } = visible.fieldsOf(operation, entity.name);
  if (!presets) throw notAllowed(target, operation);
  const isHidden = (column: Column) => !entity.columnByName.has(column.name) && !isWritable(column);
  const telling = new Set(
    stored.entity.constraints
      .filter((rule) => rule.type !== "UNIQUE_COMPOSITE")
      .map(fieldsOf)
      .filter((fields) => fields.some((field) => isHiddenField(target, field)))
      .flat(),
  );
  const isNarrowed = visible.scope.rowsOf(entity.name) !== null;
  return {
    ...context,
    presets,
    isHidden,
    isLocked(column) {
      if (context.isLocked?.(column) || presets.has(column) || telling.has(column.name)) return true;
      if (column.name !== "id") return !isWritable(column);
      /* Whether an id is taken would tell of records that do not exist for the caller. */
      return operation === "create" && ((isNarrowed && column.type === "INTEGER") || !isWritable(column));
    },
  };
}

const isHiddenField = ({ entity }: RecordTarget, field: string) => !entity.columnByName.has(field);

export const notAllowed = ({ visible, entity }: RecordTarget, operation: WriteOperation): AppError =>
  recordNotAllowed(operation, entity.name, visible.who);

/** Why a body is refused; problems of hidden fields are not told. */
export const refusalOf = (
  target: RecordTarget,
  operation: WriteOperation,
  details: readonly Detail[],
): AppError => (details.length > 0 ? validationFailed(details) : notAllowed(target, operation));

/** A condition of a write, and what to say when it is not met. */
export interface RuleCondition {
  readonly condition: Statement;
  otherwise(): AppError;
}

/** The statement, done only for records that exist for the caller. */
export function amongVisible(
  statement: RecordStatement,
  target: RecordTarget,
  operation: "update" | "delete",
): RecordStatement {
  const rows = rowsCondition(target, operation);
  return rows ? onlyIf(statement, rows) : statement;
}

/** Which of the stored records exist for an operation; undefined for all. */
export function rowsCondition(target: RecordTarget, operation: "update" | "delete"): Statement | undefined {
  const rows = target.visible.rowsOf(operation, target.entity.name);
  return rows ? bound(target, rows) : undefined;
}

const bound = (
  { visible, stored }: RecordTarget,
  rule: Predicate,
  record: Parameters<typeof compileRule>[2] = {},
): Statement => visible.bind(compileRule(stored.entity, rule, record));

export interface Writing {
  readonly pending?: ValidationContext["pending"] | undefined;
  readonly operation: WriteOperation;
  /** The values, and what is assigned: expressions in the place of ids that are not known yet. */
  readonly values: ReadonlyMap<Column, SqlValue>;
  readonly written: Assignments;
  /** References that name their record by a key, which finds only what exists for the caller. */
  readonly named?: ReadonlyMap<Column, string>;
}

/** What the record must satisfy once it is written. */
export function checksOf(target: RecordTarget, writing: Writing): readonly RuleCondition[] {
  if (!target.visible.hasRules) return [];
  const { operation, written } = writing;
  const check = target.visible.checkOf(operation, target.entity.name);
  const references = referencesOf(target, writing);
  if (!check) return references;
  const condition = bound(target, check, { written, isNew: operation === "create" });
  return [...references, { condition, otherwise: () => notAllowed(target, operation) }];
}

/** What is referred to exists for the caller. */
function referencesOf(
  target: RecordTarget,
  { operation, written, values, pending, named }: Writing,
): readonly RuleCondition[] {
  const { visible, stored } = target;
  return [...written].flatMap(([column, value]): readonly RuleCondition[] => {
    const entity = column.references && stored.catalog.entities.get(column.references.entity);
    const rows = entity && visible.scope.rowsOf(entity.name);
    if (!entity || !rows || value === null || named?.has(column)) return [];
    const isComputed = typeof value === "object" && !pending?.has(column.name);
    const rule = visible.bind(compileRule(entity, rows));
    const otherwise = () => {
      if (isHiddenField(target, column.name)) return notAllowed(target, operation);
      return missingReference(stored, column, shownValue(column, { values, pending }));
    };
    /* What an expression over the record itself leads to is not known before it is written. */
    return [{ condition: isComputed ? NEVER : existsRecord(entity, value, rule), otherwise }];
  });
}

const NEVER: Statement = { sql: "FALSE", args: [] };

/** The statement with conditions, which are told one by one when it finds no record. */
export function withConditions(
  statement: RecordStatement,
  conditions: readonly RuleCondition[],
  probe: (condition: Statement) => Statement,
): { readonly statement: RecordStatement; readonly requires: readonly Requirement[] } {
  return {
    statement: conditions.reduce((each, { condition }) => onlyIf(each, condition), statement),
    requires: conditions.map(({ condition, otherwise }) => ({ query: () => probe(condition), otherwise })),
  };
}

/** Finds something when the condition holds of no record in particular. */
export const probeAlone = ({ sql, args }: Statement): Statement => ({ sql: `SELECT 1 WHERE ${sql}`, args });

/** What a diagnosis may tell of a target. */
export const attemptOf = (
  target: RecordTarget,
  operation: WriteOperation,
): Pick<AttemptedWrite, "catalog" | "entity" | "visible" | "otherwise"> => ({
  ...target.stored,
  visible: target.entity,
  otherwise: () => notAllowed(target, operation),
});
