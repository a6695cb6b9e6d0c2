import { columnTypeOf } from "../../../columns/registry.ts";
import { crc32 } from "../../../lib/hashing.ts";
import type { Column } from "../../../model/column.ts";
import type { Entity } from "../../../model/entity.ts";
import type { JsonObject, JsonValue } from "../../../model/json.ts";
import type { SqlValue } from "../../../model/sql-value.ts";

/** A record with its entity tag, without quotes. */
export interface TaggedRecord {
  readonly record: JsonObject;
  readonly tag: string;
}

/** Identifies a representation of a record: the number of writes to it, and the shape of its entity. */
export const tagOf = (entity: Entity, version: unknown): string => `${version}-${shapeTagOf(entity)}`;

const shapeTags = new WeakMap<Entity, string>();

/** Changes with the entity's columns and settings. */
export function shapeTagOf(entity: Entity): string {
  const known = shapeTags.get(entity);
  if (known) return known;
  const { columns, settings } = entity;
  const tag = crc32(JSON.stringify([columns, settings])).toString(36);
  shapeTags.set(entity, tag);
  return tag;
}

/**
 * Decodes a row of all the entity's columns in order, then `_version`, as record statements return it. Returns only the
 * columns that `visible` has.
 */
export function shapeRow(entity: Entity, row: readonly SqlValue[], visible = entity): TaggedRecord {
  const entries = entity.columns.map((column, index) => [column.name, toJson(column, row[index])] as const);
  const shown = visible === entity ? entries : entries.filter(([name]) => visible.columnByName.has(name));
  return { record: Object.fromEntries(shown), tag: tagOf(visible, row[entity.columns.length]) };
}

export function toJson(column: Column, value: SqlValue | undefined): JsonValue {
  if (value === null || value === undefined) return null;
  return columnTypeOf(column).toJson(value, column);
}
