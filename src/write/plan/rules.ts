import type { ValidationContext } from "../../columns/validate-record.ts";
import { recordNotAllowed, validationFailed } from "../../errors/api-errors.ts";
import type { AppError, Detail } from "../../errors/app-error.ts";
import type { Column } from "../../model/column.ts";
import { constraintFields } from "../../model/entity.ts";
import type { SqlValue, Statement } from "../../model/sql-value.ts";
import type { Predicate } from "../../query/plan/predicate.ts";
import type { RecordTarget } from "../../query/plan/target-in.ts";
import type { WriteOperation } from "../../query/rules/plan-rules.ts";
import { compileRule } from "../../query/sql/condition/compile-rule.ts";
import { type AttemptedWrite, missingReference, shownValue } from "../failure/diagnose-write.ts";
import { type Assignments, areAllValues } from "../sql/assignments.ts";
import { existsRecord } from "../sql/conditions.ts";
import { onlyIf, type RecordStatement } from "../sql/statement.ts";
import type { Requirement } from "./write-plan.ts";

/* The additions that a principal's rules make to a write. A principal without rules adds nothing. */

/**
 * The context of a body for an operation: hidden, read-only and preset fields. Throws FORBIDDEN if a claim is missing.
 */
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
      .map(constraintFields)
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
      /* Whether an id is taken would reveal hidden records. */
      return operation === "create" && ((isNarrowed && column.type === "INTEGER") || !isWritable(column));
    },
  };
}

const isHiddenField = ({ entity }: RecordTarget, field: string) => !entity.columnByName.has(field);

export const notAllowed = ({ visible, entity }: RecordTarget, operation: WriteOperation): AppError =>
  recordNotAllowed(operation, entity.name, visible.who);

/** The error of an invalid body, without problems of hidden fields. */
export const invalidBody = (
  target: RecordTarget,
  operation: WriteOperation,
  details: readonly Detail[],
): AppError => (details.length > 0 ? validationFailed(details) : notAllowed(target, operation));

/** A condition of a write, and the error if it is not met. */
export interface RuleCondition {
  readonly condition: Statement;
  otherwise(): AppError;
}

/** The statement, limited to records that exist for the caller. */
export function amongVisible(
  statement: RecordStatement,
  target: RecordTarget,
  operation: "update" | "delete",
): RecordStatement {
  const rows = rowsCondition(target, operation);
  return rows ? onlyIf(statement, rows) : statement;
}

/** The stored records that exist for an operation; undefined for all. */
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
  /** The values and assignments, with expressions for ids that are not known yet. */
  readonly values: ReadonlyMap<Column, SqlValue>;
  readonly written: Assignments;
  /** References that name their record by a key, which finds only what exists for the caller. */
  readonly named?: ReadonlyMap<Column, string>;
}

/** The rule that the record must satisfy after the write. */
export function ruleChecksOf(target: RecordTarget, writing: Writing): readonly RuleCondition[] {
  if (!target.visible.hasRules) return [];
  const { operation, written } = writing;
  const check = target.visible.checkOf(operation, target.entity.name);
  const references = referencesOf(target, writing);
  if (!check) return references;
  const judged = bound(target, check, { written, isNew: operation === "create" });
  const condition = amongExisting(target, writing, judged);
  return [...references, { condition, otherwise: () => notAllowed(target, operation) }];
}

/**
 * The condition, evaluated only for records that exist for the caller. A value that the database computes can fail the
 * statement, and SQLite may evaluate conditions in any order: the failure would tell of records that the caller cannot see.
 */
function amongExisting(
  target: RecordTarget,
  { operation, written }: Writing,
  condition: Statement,
): Statement {
  const rows = operation === "update" && !areAllValues(written) && rowsCondition(target, operation);
  if (!rows) return condition;
  return { sql: `CASE WHEN ${rows.sql} THEN ${condition.sql} END`, args: [...rows.args, ...condition.args] };
}

/** Referenced records must exist for the caller. */
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
    /* What an expression over the record itself refers to is unknown before the write. */
    return [{ condition: isComputed ? NEVER : existsRecord(entity, value, rule), otherwise }];
  });
}

const NEVER: Statement = { sql: "FALSE", args: [] };

/** The statement with conditions. If it finds no record, each condition is checked by itself. */
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

/** Finds something if a condition that does not depend on a record is true. */
export const probeAlone = ({ sql, args }: Statement): Statement => ({ sql: `SELECT 1 WHERE ${sql}`, args });

/** What a diagnosis may reveal about a target. */
export const attemptOf = (
  target: RecordTarget,
  operation: WriteOperation,
): Pick<AttemptedWrite, "catalog" | "entity" | "visible" | "otherwise"> => ({
  ...target.stored,
  visible: target.entity,
  otherwise: () => notAllowed(target, operation),
});
