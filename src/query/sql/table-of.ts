import { integer, real, type SQLiteTable, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { columnTypeOf } from "../../columns/registry.ts";
import type { Entity } from "../../model/entity.ts";
import { VERSION_COLUMN } from "../../model/names.ts";

const builderOfStorage = {
  TEXT: (name: string) => text(name),
  INTEGER: (name: string) => integer(name),
  REAL: (name: string) => real(name),
} as const;
const tables = new WeakMap<Entity, SQLiteTable>();

/**
 * The entity's table as a Drizzle table. Its keys are positions (`c0` is `id`), because a user's column may have the
 * name of a property that Drizzle reads.
 */
export function tableOf(entity: Entity): SQLiteTable {
  const cached = tables.get(entity);
  if (cached) return cached;
  const columns = entity.columns.map((column, index) => {
    const build = builderOfStorage[columnTypeOf(column).storage];
    return [`c${index}`, build(column.columnName)] as const;
  });
  const version = ["version", integer(VERSION_COLUMN).notNull()] as const;
  const table = sqliteTable(entity.physicalTable, Object.fromEntries([...columns, version]));
  tables.set(entity, table);
  return table;
}
