import { columnTypeOf } from "../../columns/registry.ts";
import { badRequest } from "../../errors/api-errors.ts";
import type { SortTermAst } from "../ast.ts";
import { echo } from "../messages.ts";
import type { FieldPath, SortKey } from "./plan.ts";
import { resolveField } from "./resolve-path.ts";
import type { QueryTarget } from "./target.ts";

export const defaultNulls = (direction: SortTermAst["direction"]) =>
  direction === "asc" ? "nullsFirst" : "nullsLast";

/** The requested keys without repetitions, then `id`. Keys after `id` would have no effect. */
export function planSort(target: QueryTarget, terms: readonly SortTermAst[]): readonly SortKey[] {
  const keys: SortKey[] = [];
  for (const term of [...terms, { path: ["id"], direction: "asc" as const, nulls: null }]) {
    const field = resolveField(target, term.path, "sort");
    rejectUnordered(field);
    if (keys.some(({ name }) => name === field.name)) continue;
    if (keys.some(({ name }) => name === "id")) continue;
    const { direction } = term;
    keys.push({
      ...field,
      direction,
      nulls: term.nulls ?? defaultNulls(direction),
      isNullable: canBeNull(field, target),
    });
  }
  return keys;
}

/** Throws BAD_REQUEST for JSON. */
export function rejectUnordered({ name, column }: FieldPath): void {
  if (columnTypeOf(column).family === "json")
    throw badRequest(`Cannot sort by ${echo(name)} — it is JSON, which has no order`);
}

/** A record that does not exist for the caller is treated as a null reference. */
function canBeNull({ hops, column }: FieldPath, { scope }: QueryTarget): boolean {
  const references = hops.map(
    ({ relationship, entity }) =>
      relationship.kind !== "TO_ONE" || relationship.column.nullable || scope.rowsOf(entity.name) !== null,
  );
  return column.nullable || references.includes(true);
}
