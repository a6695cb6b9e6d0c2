import { badRequest, notFound, uniqueViolation, validationFailed } from "../../errors/api-errors.ts";
import { AppError, type Detail } from "../../errors/app-error.ts";
import { newId } from "../../lib/ids.ts";
import { type Catalog, entityNamed } from "../../model/catalog.ts";
import type { Column } from "../../model/column.ts";
import type { Entity, EntityDefinition } from "../../model/entity.ts";
import { MAX_COLUMNS } from "../../model/names.ts";
import type { WorkspaceView } from "../../model/workspace.ts";
import type { WorkspaceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { changeSchema } from "./change-schema.ts";
import { completeColumn, type IdTypeOf } from "./complete-definition.ts";
import { definitionsOf, withReplaced } from "./definitions-of.ts";
import { type ColumnPatch, columnPatchSchema, columnSchema } from "./entity-definition-schema.ts";
import { previousNamesOf, withColumnRenamed } from "./rename-in-definitions.ts";

export interface ColumnInputOf {
  readonly entity: string;
  readonly column: string;
}

/**
 * Adds a column at the end. Existing records get its default. Throws what changeSchema throws,
 * UNIQUE_CONSTRAINT_VIOLATION.
 */
export async function addColumn(
  ctx: WorkspaceContext,
  { entity: name, body }: { readonly entity: string; readonly body: () => unknown },
): Promise<Column> {
  return changeColumn(ctx, ({ catalog }) => {
    const { definition } = entityNamed(catalog, name);
    const column = completeColumn(parseInput(columnSchema, body()), newId("col"), idTypeIn(catalog));
    if (definition.columns.length >= MAX_COLUMNS)
      throw badRequest(`An entity is limited to ${MAX_COLUMNS} columns`);
    if (definition.columns.some((other) => other.name === column.name))
      throw uniqueViolation([{ field: "name", value: column.name }]);
    const subject = { ...definition, columns: [...definition.columns, column] };
    return { definitions: withReplaced(definitionsOf(catalog), subject), subject, column };
  });
}

/**
 * Changes the sent properties of a column; null removes an option. Everything that uses the column follows a new name, and
 * the old one becomes a previous name unless the request sends those. Values are converted to a new type if they lose
 * nothing. Throws what changeSchema throws,
 * UNIQUE_CONSTRAINT_VIOLATION.
 */
export async function updateColumn(
  ctx: WorkspaceContext,
  { entity: name, column: columnName, body }: ColumnInputOf & { readonly body: () => unknown },
): Promise<Column> {
  return changeColumn(ctx, ({ catalog }) => {
    const entity = entityNamed(catalog, name);
    const before = getColumn(entity, columnName);
    const column = patched(before, parseInput(columnPatchSchema, body()), idTypeIn(catalog));
    const isTaken = column.name !== before.name && entity.columnByName.has(column.name);
    if (isTaken) throw uniqueViolation([{ field: "name", value: column.name }]);
    const renamed = withColumnRenamed(catalog, entity, { from: before.name, to: column.name });
    const owner = renamed.find(({ id }) => id === entity.id) ?? entity.definition;
    const columns = owner.columns.map((each) => (each.id === column.id ? column : each));
    const subject = { ...owner, columns };
    return { definitions: withReplaced(renamed, subject), subject, column };
  });
}

/**
 * Drops a column with all of its values. Throws BAD_REQUEST without the matching `confirm`, and what changeSchema
 * throws.
 */
export async function deleteColumn(
  ctx: WorkspaceContext,
  { entity: name, column: columnName, confirm }: ColumnInputOf & { readonly confirm: string | null },
): Promise<void> {
  await changeSchema(ctx, ({ catalog }) => {
    const entity = entityNamed(catalog, name);
    const column = getColumn(entity, columnName);
    if (confirm !== columnName) {
      throw badRequest(`This deletes all values of ${columnName} — repeat its name: ?confirm=${columnName}`);
    }
    const columns = entity.definition.columns.filter(({ id }) => id !== column.id);
    const subject = { ...entity.definition, columns };
    return { definitions: withReplaced(definitionsOf(catalog), subject), subject, allowsLoss: true };
  });
}

interface ColumnEdit {
  readonly definitions: readonly EntityDefinition[];
  readonly subject: EntityDefinition;
  readonly column: Column;
}

/** Problems of the column itself are reported without its path, because the column is the body. */
async function changeColumn(
  ctx: WorkspaceContext,
  edit: (view: WorkspaceView) => ColumnEdit,
): Promise<Column> {
  let path = "";
  try {
    const applied = await changeSchema(ctx, (view) => {
      const planned = edit(view);
      const index = planned.subject.columns.findIndex(({ id }) => id === planned.column.id);
      path = `columns[${index}].`;
      return planned;
    });
    return applied.edit.column;
  } catch (failure) {
    const details = failure instanceof AppError ? failure.details : undefined;
    throw details ? validationFailed(details.map((detail) => withoutPath(detail, path))) : failure;
  }
}

const withoutPath = (detail: Detail, path: string): Detail => ({
  ...detail,
  field: detail.field.startsWith(path) ? detail.field.slice(path.length) : detail.field,
});

const idTypeIn =
  ({ entities }: Catalog): IdTypeOf =>
  (name) =>
    entities.get(name)?.idType;

/** `id` is not a column of the definition. Throws NOT_FOUND. */
function getColumn({ definition }: Entity, name: string): Column {
  const column = definition.columns.find((candidate) => candidate.name === name);
  if (!column) {
    const known = definition.columns.map((each) => each.name);
    throw notFound("Column", name, known);
  }
  return column;
}

const OPTIONS_OF_TYPES = ["length", "precision", "scale", "values", "generated", "autoSet"] as const;

function patched(before: Column, patch: ColumnPatch, idTypeOf: IdTypeOf): Column {
  const { name = before.name, type = before.type } = patch;
  const isRetyped = type !== before.type;
  const kept: Record<string, unknown> = { ...before, previousNames: previousNamesOf(before, name) ?? null };
  if (isRetyped) for (const option of OPTIONS_OF_TYPES) delete kept[option];
  const merged = Object.entries({ ...kept, ...patch }).filter(([, value]) => value !== null);
  return completeColumn(parseInput(columnSchema, Object.fromEntries(merged)), before.id, idTypeOf);
}
