import { detailOf } from "../../columns/entity-constraints.ts";
import { columnTypeOf } from "../../columns/registry.ts";
import type { SqlFailure } from "../../db/sql-failure.ts";
import { brokenConstraintOf } from "../../ddl/compile-ddl.ts";
import type { AppError } from "../../errors/app-error.ts";
import { foreignKeyViolation, uniqueViolation, validationFailed } from "../../errors/failures.ts";
import { type Catalog, getEntity } from "../../model/catalog.ts";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import type { SqlValue } from "../../model/sql-value.ts";
import { compileExists, compileIsReferenced } from "../../query/sql/record-statements.ts";
import type { WorkspaceContext } from "../context.ts";

export interface AttemptedWrite {
  readonly catalog: Catalog;
  readonly entity: Entity;
  /** What was to be stored, by column; of an update only what was sent. */
  readonly values: ReadonlyMap<Column, SqlValue>;
}

/**
 * Why the database refused a write, in the contract's words. The database names the columns of a broken unique rule,
 * but not the reference that failed: that takes a second question.
 */
export async function explainWrite(
  ctx: WorkspaceContext,
  failure: SqlFailure,
  write: AttemptedWrite,
): Promise<AppError | undefined> {
  if (failure.uniqueColumns) return explainUnique(failure.uniqueColumns, write);
  if (failure.isForeignKey) return explainReference(ctx, write);
  const broken = brokenConstraintOf(write.entity, failure.message);
  if (broken && broken.type !== "UNIQUE_COMPOSITE") return validationFailed([detailOf(broken)]);
  return undefined;
}

function explainUnique(columns: readonly string[], { entity, values }: AttemptedWrite): AppError {
  const taken = columns.map((qualified) => {
    const columnName = qualified.slice(qualified.lastIndexOf(".") + 1);
    const column = entity.columns.find((candidate) => candidate.columnName === columnName);
    if (!column) return { field: columnName, value: "" };
    return { field: column.name, value: textOf(column, values.get(column) ?? null) };
  });
  return uniqueViolation(taken);
}

async function explainReference(ctx: WorkspaceContext, { catalog, entity, values }: AttemptedWrite) {
  const sent = entity.columns.flatMap((column) => {
    const value = values.get(column) ?? null;
    if (!column.references || value === null) return [];
    return [{ column, value, target: getEntity(catalog, column.references.entity) }];
  });
  const found = await ctx.database.read(sent.map(({ target, value }) => compileExists(target, value)));
  const missing = sent.find((_, i) => found[i]?.length === 0);
  if (!missing) return undefined;
  const { column, value, target } = missing;
  return foreignKeyViolation(
    `Referenced ${column.columnName} '${textOf(column, value)}' does not exist in ${target.tableName}`,
  );
}

/** Which records stand against a delete. */
export async function explainDelete(
  ctx: WorkspaceContext,
  failure: SqlFailure,
  { catalog, entity, id }: { catalog: Catalog; entity: Entity; id: SqlValue },
): Promise<AppError | undefined> {
  if (!failure.isForeignKey) return undefined;
  const inbound = entity.inbound.map((reference) => ({
    ...reference,
    owner: getEntity(catalog, reference.entity),
  }));
  const found = await ctx.database.read(
    inbound.map(({ owner, column }) => compileIsReferenced(owner, column, id)),
  );
  const holder = inbound.find((_, i) => found[i]?.length !== 0);
  if (!holder) return undefined;
  const { owner, column } = holder;
  return foreignKeyViolation(`Record ${id} is still referenced by ${owner.tableName}.${column.columnName}`);
}

function textOf(column: Column, value: SqlValue): string {
  return value === null ? "null" : String(columnTypeOf(column).toJson(value, column));
}
