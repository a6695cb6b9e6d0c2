import { constraintTypes } from "../columns/constraints/registry.ts";
import { convertSql, isWider } from "../columns/conversions/convert-column.ts";
import type { Column, ColumnConstraint } from "../model/column.ts";
import { constraintFields, type Entity, type EntityConstraint } from "../model/entity.ts";
import { quoteName } from "../model/names.ts";
import type { SqlValue, Statement } from "../model/sql-value.ts";
import { indexConditionOf, ownIndexesOf } from "./indexes.ts";
import type { ColumnPair, EntityPair, SchemaPair } from "./pair-schemas.ts";
import { statement } from "./sql-text.ts";
import { changesValues, defaultOf, rowsAfter } from "./stored-values.ts";
import { brokenCondition, columnNameOf } from "./triggers.ts";

/** A check of existing records: do any conflict with a change? */
export type DataCheck = QueryCheck | ScanCheck;

interface CheckSubject {
  readonly entity: string;
  /** The column, or the first of them for a rule over several. */
  readonly column: string;
  /** What is wrong with those records, after `{n} existing records`. */
  readonly words: string;
}

/** The most ids of conflicting records that a message shows. */
export const SHOWN_IDS = 3;

/** A check by one row: the number of records, and a JSON array of the first ids. */
export interface QueryCheck extends CheckSubject {
  readonly kind: "QUERY";
  readonly query: Statement;
}

/** A check that looks at each record, because SQL cannot express the rule. */
export interface ScanCheck extends CheckSubject {
  readonly kind: "SCAN";
  /** The FROM of the query, with rows of `id` and `columnName`. */
  readonly rows: string;
  readonly columnName: string;
  /** How many rows to read at once. */
  readonly pageSize: number;
  isBroken(value: SqlValue, now: string): boolean;
}

/** An entity that already existed, so there is data to check. */
export type ExistingPair = EntityPair & { readonly before: Entity; readonly after: Entity };

export function isExisting(pair: EntityPair): pair is ExistingPair {
  return pair.before !== undefined && pair.after !== undefined;
}

/** Conflicts with a column's new definition, except its constraints. The first problem is the one to report. */
export function checksOfColumn(
  schema: SchemaPair,
  pair: ExistingPair,
  change: ColumnPair & { readonly after: Column },
): readonly DataCheck[] {
  return [
    ...conversionChecks(pair, change),
    ...nullChecks(pair, change),
    ...referenceChecks(schema, pair, change),
    ...uniqueChecks(pair, change),
  ];
}

export function checksOfConstraint(
  pair: ExistingPair,
  column: Column,
  constraint: ColumnConstraint,
): readonly DataCheck[] {
  const type = constraintTypes.get(constraint.type);
  if (!type) return [];
  const holds = type.compile(column, constraint);
  const words = `break the rule '${constraint.message ?? type.message(constraint)}'`;
  return [
    {
      kind: "SCAN",
      entity: pair.after.name,
      column: column.name,
      words,
      rows: rowsAfter(pair),
      columnName: column.columnName,
      pageSize: pageSizeOf(column),
      isBroken: (value, now) => !holds(value, now),
    },
  ];
}

/** Keeps a page far below the database's 10 MB per response, even if every value is as long as possible. */
function pageSizeOf({ type, length = 0 }: Column): number {
  if (type === "TEXT" || type === "JSON") return 20;
  return type === "VARCHAR" ? Math.max(20, Math.min(5000, Math.floor(500_000 / length))) : 5000;
}

/** Unique indexes that are new, or cover values that change. */
export function checksOfIndexes(pair: ExistingPair): readonly DataCheck[] {
  const { before, after, columns } = pair;
  const known = new Set(ownIndexesOf(before).map(({ name }) => name));
  const changing = columns.flatMap((each) => (each.before && changesValues(each) ? [each.before.id] : []));
  const made = ownIndexesOf(after);
  return (after.indexes ?? []).flatMap(({ fields, unique, where }, i) => {
    const { name = "", columnIds = [] } = made[i] ?? {};
    const isKept = known.has(name) && !columnIds.some((id) => changing.includes(id));
    if (!unique || isKept) return [];
    const names = fields.map((field) => quoteName(columnNameOf(after, field)));
    const rows = rowsAfter(pair, [...new Set([...fields, ...Object.keys(where ?? {})])]);
    const condition = isDuplicated(names, indexConditionOf(after, where));
    const words = `share the same ${fields.join(" and ")}`;
    return [queryCheck(pair, { column: fields[0] ?? "", words, rows, condition })];
  });
}

export function checksOfEntityConstraint(
  pair: ExistingPair,
  constraint: EntityConstraint,
): readonly DataCheck[] {
  const { after } = pair;
  const rows = rowsAfter(pair, constraintFields(constraint));
  if (constraint.type === "UNIQUE_COMPOSITE") {
    const { fields } = constraint;
    const names = fields.map((field) => quoteName(columnNameOf(after, field)));
    const words = `share the same ${fields.join(" and ")}`;
    return [queryCheck(pair, { column: fields[0] ?? "", words, rows, condition: isDuplicated(names) })];
  }
  const words = `break the rule ${constraint.type}`;
  const condition = brokenCondition(after, constraint);
  return [queryCheck(pair, { column: constraint.field, words, rows, condition })];
}

interface Question {
  readonly column: string;
  readonly words: string;
  /** A sub-select. */
  readonly rows: string;
  /** A condition on those rows, which it may also call `ROWS`. */
  readonly condition: string;
}

const ROWS = quoteName("checked");

/** Rows and condition appear only once, because conversions of many columns are long. */
function queryCheck({ after }: ExistingPair, { column, words, rows, condition }: Question): QueryCheck {
  const broken = `SELECT "id", row_number() OVER (ORDER BY "id") AS "n" FROM ${ROWS} WHERE ${condition}`;
  const query = `WITH ${ROWS} AS NOT MATERIALIZED ${rows} SELECT count(*), json_group_array("id") FILTER (WHERE "n" <= ${SHOWN_IDS}) FROM (${broken})`;
  return { kind: "QUERY", entity: after.name, column, words, query: statement(query) };
}

const rowsBefore = ({ before }: ExistingPair) => `(SELECT * FROM ${quoteName(before.physicalTable)})`;

function conversionChecks(pair: ExistingPair, { before, after }: ColumnPair): readonly DataCheck[] {
  if (!before || !after || isWider(before, after)) return [];
  const name = quoteName(before.columnName);
  const condition = `${name} IS NOT NULL AND ${convertSql(name, { from: before, to: after })} IS NULL`;
  const words = wordsOfConversion(before, after);
  return [queryCheck(pair, { column: after.name, words, rows: rowsBefore(pair), condition })];
}

function wordsOfConversion(before: Column, after: Column): string {
  if (after.type === "DECIMAL") return `do not fit DECIMAL(${after.precision}, ${after.scale})`;
  if (after.type === "ENUM") return `are not one of: ${after.values?.join(", ")}`;
  if (after.type === "VARCHAR" && before.type !== "JSON") return `are longer than ${after.length} characters`;
  return `do not convert to ${after.type} without loss`;
}

function nullChecks(pair: ExistingPair, { before, after }: ColumnPair): readonly DataCheck[] {
  if (!after || after.nullable || before?.nullable === false || defaultOf(after) !== null) return [];
  const condition = before ? `${quoteName(before.columnName)} IS NULL` : "1";
  const rows = rowsBefore(pair);
  return [queryCheck(pair, { column: after.name, words: "have no value", rows, condition })];
}

function referenceChecks(
  { before: old, after: next, entities }: SchemaPair,
  pair: ExistingPair,
  { before, after }: ColumnPair,
): readonly DataCheck[] {
  if (!after?.references) return [];
  const targetId = next.entities.get(after.references.entity)?.id;
  const oldTargetId = before?.references && old.entities.get(before.references.entity)?.id;
  if (targetId === oldTargetId && !changesValues({ before, after })) return [];
  const target = entities.find((candidate) => candidate.after?.id === targetId)?.before;
  const name = quoteName(after.columnName);
  const isLost = target ? `${name} NOT IN (SELECT "id" FROM ${quoteName(target.physicalTable)})` : "1";
  const words = `refer to a missing ${after.references.entity}`;
  const condition = `${name} IS NOT NULL AND ${isLost}`;
  const rows = rowsAfter(pair, [after.name]);
  return [queryCheck(pair, { column: after.name, words, rows, condition })];
}

function uniqueChecks(pair: ExistingPair, { before, after }: ColumnPair): readonly DataCheck[] {
  if (!after?.unique || (before?.unique && !changesValues({ before, after }))) return [];
  const rows = rowsAfter(pair, [after.name]);
  const condition = isDuplicated([quoteName(after.columnName)]);
  return [queryCheck(pair, { column: after.name, words: "share a value with another", rows, condition })];
}

function isDuplicated(names: readonly string[], among = "1"): string {
  const all = names.join(", ");
  const areGiven = names.map((name) => `${name} IS NOT NULL`).join(" AND ");
  const groups = `SELECT ${all} FROM ${ROWS} WHERE ${areGiven} AND ${among} GROUP BY ${all} HAVING count(*) > 1`;
  return `${among} AND (${all}) IN (${groups})`;
}
