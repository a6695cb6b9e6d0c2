import { detailOf } from "../../columns/entity-constraints.ts";
import { columnTypeOf } from "../../columns/registry.ts";
import { brokenChangeOf } from "../../columns/relative-change.ts";
import { brokenConstraintOf } from "../../ddl/triggers.ts";
import { referenceMissing, uniqueViolation, validationFailed } from "../../errors/api-errors.ts";
import type { AppError } from "../../errors/app-error.ts";
import type { SqlFailure } from "../../libsql/sql-failure.ts";
import { type Catalog, entityNamed } from "../../model/catalog.ts";
import type { Column } from "../../model/column.ts";
import { constraintFields, type Entity } from "../../model/entity.ts";
import type { SqlValue, Statement } from "../../model/sql-value.ts";
import { hasId } from "../sql/conditions.ts";
import { compileFindVersion } from "../sql/find.ts";
import { render } from "../sql/statement.ts";
import { type Diagnosis, known } from "./diagnosis.ts";

export interface AttemptedWrite {
  readonly catalog: Catalog;
  readonly entity: Entity;
  /** The entity as the caller knows it. */
  readonly visible: Entity;
  /** The error for a rule over fields that the caller does not know. */
  otherwise(): AppError;
  /** The values to store, by column. For an update, only the sent ones. */
  readonly values: ReadonlyMap<Column, SqlValue>;
  /** Fields with a placeholder for the id of an earlier operation, with that operation's name. */
  readonly pending?: ReadonlyMap<string, string> | undefined;
  /** Fields that refer to a record of the same transaction. It no longer exists once the transaction has failed. */
  readonly made?: ReadonlySet<string> | undefined;
  /** References that name their record by a key, and how messages show it. */
  readonly named?: ReadonlyMap<Column, string> | undefined;
  /** How to find the row to change, and the id or value that was sent. */
  readonly existing?: { readonly query: Statement; readonly sent: ReadonlyMap<Column, SqlValue> };
}

/**
 * Finds out why the database refused a create or update. The database names the columns of a broken unique rule, but
 * not of a broken reference.
 */
export function diagnoseWrite(failure: SqlFailure, write: AttemptedWrite): Diagnosis {
  if (failure.uniqueColumns) return diagnoseUnique(failure.uniqueColumns, write);
  if (failure.isForeignKey) return diagnoseReference(write);
  const change = brokenChangeOf(write.entity.columns, failure.message);
  if (change) return known(validationFailed([change]));
  const broken = brokenConstraintOf(write.entity, failure.message);
  if (!broken || broken.type === "UNIQUE_COMPOSITE") return known(undefined);
  const isTold = constraintFields(broken).every((field) => write.visible.columnByName.has(field));
  return known(isTold ? validationFailed([detailOf(broken)]) : write.otherwise());
}

/** An update may send a part of a unique combination. The rest comes from the stored record. */
function diagnoseUnique(qualifiedNames: readonly string[], write: AttemptedWrite): Diagnosis {
  const { entity, existing, values, named } = write;
  const columns = qualifiedNames.map((qualified) => columnOf(entity, qualified));
  if (!existing || columns.length === 1) return known(explainUnique(columns, write));
  return {
    questions: [existing.query],
    conclude(answers) {
      const [row] = answers?.[0] ?? [];
      const isToBeStored = (column: Column | string) =>
        typeof column !== "string" && (values.has(column) || named?.has(column));
      if (!row) return explainUnique(columns.filter(isToBeStored), write);
      const stored = entity.columns.map((column, i) => [column, row[i] ?? null] as const);
      return explainUnique(columns, { ...write, values: new Map([...stored, ...existing.sent]) });
    },
  };
}

/** The column of `w1_customers.email`, or its name if the schema has none. */
function columnOf({ columns }: Entity, qualified: string): Column | string {
  const name = qualified.slice(qualified.lastIndexOf(".") + 1);
  return columns.find(({ columnName }) => columnName === name) ?? name;
}

function explainUnique(columns: readonly (Column | string)[], write: AttemptedWrite): AppError {
  const told = columns.filter((column) => typeof column === "string" || !isHidden(column, write));
  if (told.length === 0) return write.otherwise();
  return uniqueViolation(
    told.map((column) =>
      typeof column === "string"
        ? { field: column, value: "" }
        : { field: column.name, value: shownValue(column, write) },
    ),
  );
}

function diagnoseReference(write: AttemptedWrite): Diagnosis {
  const { catalog, entity, values, pending, made } = write;
  const sent = entity.columns.flatMap((column) => {
    const value = values.get(column) ?? null;
    if (!column.references || value === null) return [];
    return [{ column, value, target: entityNamed(catalog, column.references.entity) }];
  });
  const asked = sent.filter(({ column }) => !pending?.has(column.name) && !made?.has(column.name));
  return {
    questions: asked.map(({ target, value }) => render(compileFindVersion(target, hasId(value)))),
    conclude(answers) {
      // The missing record may exist by now, created by a later item of the same request, or by another client.
      const created = sent.find(({ target }) => target === entity) ?? sent[0];
      const missing = asked.find((_, i) => answers?.[i]?.length === 0) ?? created;
      if (!missing) return undefined;
      const { column } = missing;
      if (isHidden(column, write)) return write.otherwise();
      return missingReference(write, column, shownValue(column, write));
    },
  };
}

const isHidden = ({ name }: Column, { visible }: AttemptedWrite) => !visible.columnByName.has(name);

/** A reference to a missing record. `value` is the id, or stands for the id of an earlier operation. */
export function missingReference(
  { catalog }: Pick<AttemptedWrite, "catalog">,
  column: Column,
  shown: string,
): AppError {
  const { tableName } = entityNamed(catalog, column.references?.entity ?? "");
  const message = `Referenced ${column.columnName} '${shown}' does not exist in ${tableName}`;
  return referenceMissing(message, column.name);
}

/** The value as sent. */
export function shownValue(
  column: Column,
  { values, pending, named }: Pick<AttemptedWrite, "values" | "pending" | "named">,
): string {
  const key = named?.get(column);
  if (key !== undefined) return key;
  const maker = pending?.get(column.name);
  if (maker !== undefined) return `${maker}.id`;
  const value = values.get(column) ?? null;
  return value === null ? "null" : String(columnTypeOf(column).toJson(value, column));
}
