import { detailOf } from "../../columns/entity-constraints.ts";
import { columnTypeOf } from "../../columns/registry.ts";
import { brokenConstraintOf, isBrokenConstraint } from "../../ddl/triggers.ts";
import type { AppError } from "../../errors/app-error.ts";
import { badRequest, foreignKeyViolation, uniqueViolation, validationFailed } from "../../errors/failures.ts";
import type { Rows } from "../../libsql/database.ts";
import type { SqlFailure } from "../../libsql/sql-failure.ts";
import { type Catalog, getEntity } from "../../model/catalog.ts";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import { canHold } from "../../model/holders.ts";
import type { SqlValue, Statement } from "../../model/sql-value.ts";
import { compileExists, compileIsReferenced } from "../../query/sql/record-statements.ts";

/** Questions that must be asked to know why a statement failed, none in most cases, and what follows from the answers. */
export interface Diagnosis {
  readonly statements: readonly Statement[];
  /** Undefined: nothing that a client may know. */
  conclude(answers: readonly Rows[]): AppError | undefined;
}

export interface AttemptedWrite {
  readonly catalog: Catalog;
  readonly entity: Entity;
  /** What was to be stored, by column; of an update only what was sent. */
  readonly values: ReadonlyMap<Column, SqlValue>;
  /** Of the values, by field, those that stand in for ids which the refused transaction would have made. */
  readonly pending?: ReadonlyMap<string, string> | undefined;
  /** Of what was to be changed, if it is there: finds its row, and what was sent for it. */
  readonly existing?: { readonly query: Statement; readonly sent: ReadonlyMap<Column, SqlValue> };
}

/**
 * Why the database refused a create or an update, in the contract's words. The database names the columns of a broken
 * unique rule, but not the reference that failed: that takes questions.
 */
export function diagnoseWrite(failure: SqlFailure, write: AttemptedWrite): Diagnosis {
  if (failure.uniqueColumns) return diagnoseUnique(failure.uniqueColumns, write);
  if (failure.isForeignKey) return diagnoseReference(write);
  const broken = brokenConstraintOf(write.entity, failure.message);
  return known(
    broken && broken.type !== "UNIQUE_COMPOSITE" ? validationFailed([detailOf(broken)]) : undefined,
  );
}

/** Which records stand against a delete: those that hold the record, or what goes with it. */
export function diagnoseDelete(
  failure: SqlFailure,
  attempt: Omit<AttemptedWrite, "values"> & { id: SqlValue },
): Diagnosis {
  const { catalog, entity, id } = attempt;
  if (failure.isTooDeep)
    return known(
      badRequest(`Record ${id} holds more than 1,000 levels of records that would be deleted with it`),
    );
  if (!failure.isForeignKey && !isBrokenConstraint(failure.message)) return known(undefined);
  const paths = pathsToHolders(catalog, entity);
  return {
    statements: paths.map((path) => compileIsReferenced(path, id)),
    conclude(answers) {
      // What stood against it may have been deleted by now.
      const holder = (paths.find((_, i) => answers[i]?.length !== 0) ?? paths[0])?.at(-1);
      if (!holder) return undefined;
      const { owner, column } = holder;
      return foreignKeyViolation(
        `Record ${id} is still referenced by ${owner.tableName}.${column.columnName}`,
      );
    },
  };
}

interface Reference {
  readonly owner: Entity;
  readonly column: Column;
}

/** One path of references to each entity whose records can stand against a delete, the shortest first. */
function pathsToHolders(catalog: Catalog, deleted: Entity): readonly (readonly Reference[])[] {
  const seen = new Set([deleted]);
  const paths: (readonly Reference[])[] = [];
  const cascades: (readonly [Entity, readonly Reference[]])[] = [[deleted, []]];
  for (const [entity, path] of cascades) {
    for (const { entity: name, column } of entity.inbound) {
      const owner = getEntity(catalog, name);
      const longer = [...path, { owner, column }];
      if (canHold(owner, column)) paths.push(longer);
      if (column.references?.onDelete !== "CASCADE" || seen.has(owner)) continue;
      seen.add(owner);
      cascades.push([owner, longer]);
    }
  }
  return paths;
}

const known = (error: AppError | undefined): Diagnosis => ({ statements: [], conclude: () => error });

/** What was not sent of a unique combination is what the record has. */
function diagnoseUnique(columns: readonly string[], write: AttemptedWrite): Diagnosis {
  const { entity, existing } = write;
  if (!existing || columns.length === 1) return known(explainUnique(columns, write));
  return {
    statements: [existing.query],
    conclude([rows]) {
      const [row] = rows ?? [];
      if (!row) return explainUnique(columns, write);
      const stored = entity.columns.map((column, i) => [column, row[i] ?? null] as const);
      return explainUnique(columns, { ...write, values: new Map([...stored, ...existing.sent]) });
    },
  };
}

function explainUnique(columns: readonly string[], write: AttemptedWrite): AppError {
  const taken = columns.map((qualified) => {
    const columnName = qualified.slice(qualified.lastIndexOf(".") + 1);
    const column = write.entity.columns.find((candidate) => candidate.columnName === columnName);
    if (!column) return { field: columnName, value: "" };
    return { field: column.name, value: textOf(column, write) };
  });
  return uniqueViolation(taken);
}

function diagnoseReference(write: AttemptedWrite): Diagnosis {
  const { catalog, entity, values, pending } = write;
  const sent = entity.columns.flatMap((column) => {
    const value = values.get(column) ?? null;
    if (!column.references || value === null) return [];
    return [{ column, value, target: getEntity(catalog, column.references.entity) }];
  });
  const asked = sent.filter(({ column }) => !pending?.has(column.name));
  return {
    statements: asked.map(({ target, value }) => compileExists(target, value)),
    conclude(answers) {
      // What was missing may be there by now: created by a later item of the same request, or by somebody else.
      const created = sent.find(({ target }) => target === entity) ?? sent[0];
      const missing = asked.find((_, i) => answers[i]?.length === 0) ?? created;
      if (!missing) return undefined;
      const { column, target } = missing;
      const reference = `${column.columnName} '${textOf(column, write)}'`;
      return foreignKeyViolation(`Referenced ${reference} does not exist in ${target.tableName}`);
    },
  };
}

function textOf(column: Column, { values, pending }: AttemptedWrite): string {
  const maker = pending?.get(column.name);
  if (maker !== undefined) return `${maker}.id`;
  const value = values.get(column) ?? null;
  return value === null ? "null" : String(columnTypeOf(column).toJson(value, column));
}
