import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import { quoteName } from "../../model/names.ts";
import type { SqlValue, Statement } from "../../model/sql-value.ts";
import { type Assignments, areAllValues, compileSet, pushArguments, textOfAssigned } from "./assignments.ts";
import { textsOf } from "./entity-texts.ts";
import type { RecordStatement } from "./statement.ts";

/** Behind a `SELECT`, SQLite needs a `WHERE` to tell `ON CONFLICT` from the `ON` of a join. */
const ALWAYS: Statement = { sql: "TRUE", args: [] };

/** Inserts one record. Columns without a value become null. Returns its row: all columns in order, then `_version`. */
export function compileInsert(entity: Entity, assignments: Assignments): RecordStatement {
  const { into, one } = insertTextsOf(entity);
  return {
    kind: "WRITE",
    head: areAllValues(assignments)
      ? { sql: one, args: argumentsOf(entity, assignments) }
      : selectRow(into, compileRow(entity, assignments)),
    where: [ALWAYS],
    returning: textsOf(entity).row,
  };
}

/** Inserts several records, at least one, with one statement that returns nothing. */
export function compileInsertAll(entity: Entity, records: readonly Assignments[]): RecordStatement {
  const { into, row } = insertTextsOf(entity);
  const compiled = records.map((record) =>
    areAllValues(record) ? { sql: row, args: argumentsOf(entity, record) } : compileRow(entity, record),
  );
  const rows = compiled.map(({ sql }) => `(${sql})`).join(", ");
  const args = compiled.flatMap((each) => each.args);
  return { kind: "WRITE", head: { sql: `${into} VALUES ${rows}`, args }, where: [], returning: "" };
}

/**
 * Inserts a record, or writes `changed` to the one with the same `key`, the columns of a unique rule. Returns rows like
 * an insert. A violation of another unique rule is an error.
 */
export function compileUpsert(
  entity: Entity,
  key: readonly Column[],
  { created, changed }: Readonly<Record<"created" | "changed", Assignments>>,
): RecordStatement {
  const columns = key.map(({ columnName }) => quoteName(columnName)).join(", ");
  const { sql, args } = compileSet(changed);
  const onConflict = { sql: `ON CONFLICT (${columns}) DO UPDATE SET ${sql}`, args };
  return { ...compileInsert(entity, created), onConflict };
}

/** The same upsert, which changes an existing record only if it meets the condition. */
export function changingOnly(upsert: RecordStatement, { sql, args }: Statement): RecordStatement {
  const { onConflict } = upsert;
  if (!onConflict) return upsert;
  return {
    ...upsert,
    onConflict: { sql: `${onConflict.sql} WHERE ${sql}`, args: [...onConflict.args, ...args] },
  };
}

/**
 * The first version of a record. A chosen id may be that of a deleted record, whose ETags must not match again. So the
 * version starts at the time in microseconds, which no count of writes reaches. Generated ids are always new.
 */
const firstVersion = (id: string) => `iif(${id} IS NULL, 1, CAST(unixepoch('subsec') * 1000000 AS INTEGER))`;

interface InsertTexts {
  /** `INSERT INTO "w1_orders" (…)`. */
  readonly into: string;
  /** `?, ?, iif(? IS NULL, …)`: all columns in order, then the version, which uses the id again. */
  readonly row: string;
  /** The head of an insert of one record: `INSERT INTO … SELECT ?, …`. */
  readonly one: string;
}

const selectRow = (into: string, { sql, args }: Statement): Statement => ({
  sql: `${into} SELECT ${sql}`,
  args,
});

const insertTextsOfEntity = new WeakMap<Entity, InsertTexts>();

function insertTextsOf(entity: Entity): InsertTexts {
  const known = insertTextsOfEntity.get(entity);
  if (known) return known;
  const { table, row } = textsOf(entity);
  const into = `INSERT INTO ${table} (${row})`;
  const values = compileRow(entity, new Map());
  const texts = { into, row: values.sql, one: selectRow(into, values).sql };
  insertTextsOfEntity.set(entity, texts);
  return texts;
}

function compileRow({ columns }: Entity, assignments: Assignments): Statement {
  const args: SqlValue[] = [];
  const row = columns.map((column) => assignments.get(column) ?? null);
  const [id = null] = row;
  for (const assigned of [...row, id]) pushArguments(args, assigned);
  return { sql: [...row.map(textOfAssigned), firstVersion(textOfAssigned(id))].join(", "), args };
}

/** The same as `compileRow` for values alone, without building the text. */
function argumentsOf({ columns }: Entity, assignments: Assignments): readonly SqlValue[] {
  const args: SqlValue[] = [];
  for (const column of columns) pushArguments(args, assignments.get(column) ?? null);
  args.push(args[0] ?? null);
  return args;
}
