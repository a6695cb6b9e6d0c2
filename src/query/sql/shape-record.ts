import { columnTypeOf } from "../../columns/registry.ts";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import type { JsonObject, JsonValue } from "../../model/json.ts";
import type { SqlValue } from "../../model/sql-value.ts";

/** A record with the number that its ETag is made of. */
export interface VersionedRecord {
  readonly record: JsonObject;
  readonly version: number;
}

/** A row of all the entity's columns in order, then `_version`: what the record statements return. */
export function shapeRow(entity: Entity, row: readonly SqlValue[]): VersionedRecord {
  const entries = entity.columns.map((column, index) => [column.name, toJson(column, row[index])] as const);
  return { record: Object.fromEntries(entries), version: Number(row[entity.columns.length]) };
}

export function toJson(column: Column, value: SqlValue | undefined): JsonValue {
  if (value === null || value === undefined) return null;
  return columnTypeOf(column).toJson(value, column);
}
