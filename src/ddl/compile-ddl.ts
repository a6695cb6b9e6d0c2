import { columnTypeOf } from "../columns/registry.ts";
import { type Catalog, getEntity } from "../model/catalog.ts";
import type { Entity } from "../model/entity.ts";
import type { Statement } from "../model/sql-value.ts";

const q = (n: string) => `"${n}"`;
const s = (sql: string, args: Statement["args"] = []): Statement => ({ sql, args });
export function compileCreateEntity(catalog: Catalog, entity: Entity): Statement[] {
  const t = entity.physicalTable;
  const cols = entity.columns.map((c) =>
    c.name === "id"
      ? entity.idType === "UUID"
        ? "id TEXT PRIMARY KEY NOT NULL"
        : "id INTEGER PRIMARY KEY AUTOINCREMENT"
      : `${q(c.columnName)} ${columnTypeOf(c).storage}${c.nullable ? "" : " NOT NULL"}${c.references ? ` REFERENCES ${q(getEntity(catalog, c.references.entity).physicalTable)} ON DELETE ${c.references.onDelete.replace("_", " ")}` : ""}`,
  );
  const idx = entity.columns
    .filter((c) => c.name !== "id" && (c.unique || c.indexed || c.references))
    .map((c) =>
      s(
        `CREATE ${c.unique ? "UNIQUE " : ""}INDEX ${q(`${t}__${c.columnName}`)} ON ${q(t)} (${q(c.columnName)})`,
      ),
    );
  return [
    s(`CREATE TABLE ${q(t)} (${cols.join(", ")}, _version INTEGER NOT NULL DEFAULT 1)`),
    ...idx,
    s("INSERT INTO record_counts (table_name, count) VALUES (?, 0)", [t]),
    s(
      `CREATE TRIGGER ${q(`${t}__ai`)} AFTER INSERT ON ${q(t)} BEGIN UPDATE record_counts SET count = count + 1 WHERE table_name = '${t}'; END`,
    ),
    s(
      `CREATE TRIGGER ${q(`${t}__ad`)} AFTER DELETE ON ${q(t)} BEGIN UPDATE record_counts SET count = count - 1 WHERE table_name = '${t}'; END`,
    ),
  ];
}
export function compileDropEntity(_catalog: Catalog, entity: Entity): Statement[] {
  return [
    s(`DROP TABLE ${q(entity.physicalTable)}`),
    s("DELETE FROM record_counts WHERE table_name = ?", [entity.physicalTable]),
  ];
}
export function compileDropAll(catalog: Catalog): Statement[] {
  return [...catalog.entities.values()].reverse().flatMap((e) => compileDropEntity(catalog, e));
}
