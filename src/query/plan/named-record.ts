import { parseId } from "../../columns/record-id.ts";
import { readBoundText } from "../../columns/registry.ts";
import { badRequest } from "../../errors/api-errors.ts";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import type { SqlValue } from "../../model/sql-value.ts";
import { findUniqueRule, uniqueRulesOf } from "../../model/unique-rules.ts";
import { resolveColumn } from "./resolve-path.ts";
import type { QueryTarget } from "./target.ts";

/** How a path names a record: `/Book/42`, or `/Book/by/isbn/9783…`. */
export interface RecordName {
  /** The id, or the value of the field `by`; as it was sent. */
  readonly id: string;
  /** A unique field; absent for the id. */
  readonly by?: string | undefined;
}

/** A record named by a value that no other record has. */
export interface NamedRecord {
  readonly column: Column;
  /** The stored value; undefined if the column cannot store it, so no record has it. */
  readonly value: SqlValue | undefined;
  /** For messages: the id as it was sent, or `{isbn: '9783…'}`. */
  readonly shown: string;
}

/** Reads the name of a record. Throws BAD_REQUEST for a field that is unknown or not unique. */
export function nameRecord(target: QueryTarget, { id, by }: RecordName): NamedRecord {
  const { entity } = target;
  const [idColumn] = entity.columns;
  if (by === undefined && idColumn) return { column: idColumn, value: parseId(id, entity), shown: id };
  const column = resolveColumn(target, by ?? "");
  if (!findUniqueRule(entity, [column.name])) throw notUnique(entity, column);
  const parsed = readBoundText(id, column);
  return { column, value: parsed.ok ? parsed.value : undefined, shown: `{${column.name}: '${id}'}` };
}

function notUnique(entity: Entity, { name }: Column) {
  const fields = uniqueRulesOf(entity).flatMap(([only, ...others]) =>
    only && others.length === 0 ? only.name : [],
  );
  const advice = fields.length > 0 ? ` — use ${fields.join(" or ")}` : ", nor is any other field";
  return badRequest(`Field '${name}' on ${entity.name} is not unique${advice}`);
}
