import { database } from "./database.ts";
import type { TestWorkspace } from "./workspace.ts";

/**
 * SQLite's description of a workspace's tables: columns, references, indexes and triggers, without ids and prefixes.
 */
export async function catalogueOf({ organization, workspace }: TestWorkspace): Promise<unknown> {
  const [[[id] = []] = []] = await database.read([
    {
      sql: "SELECT w.id FROM workspaces w JOIN organizations o ON o.id = w.organization_id WHERE o.slug = ? AND w.slug = ?",
      args: [organization, workspace],
    },
  ]);
  const prefix = `w${id}_`;
  const tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB ?";
  const ask = (sql: string) => ({ sql, args: [`${prefix}*`] });
  const results = await database.read([
    ask(`${tables} ORDER BY name`),
    ask(
      `SELECT t.name, c.name, c.type, c."notnull", c.dflt_value, c.pk FROM (${tables}) t, pragma_table_info(t.name) c ORDER BY 1, 2`,
    ),
    ask(
      `SELECT t.name, f."table", f."from", f."to", f.on_delete FROM (${tables}) t, pragma_foreign_key_list(t.name) f ORDER BY 1, 3`,
    ),
    ask(
      `SELECT t.name, i."unique", i.origin, (SELECT group_concat(name) FROM pragma_index_info(i.name)) AS columns
       FROM (${tables}) t, pragma_index_list(t.name) i ORDER BY 1, 4, 2`,
    ),
    ask("SELECT tbl_name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name GLOB ? ORDER BY name"),
    ask("SELECT table_name FROM record_counts WHERE table_name GLOB ? ORDER BY 1"),
  ]);
  const inUse = results.map((rows) => rows.map((row) => row.map((value) => withoutPrefix(value, prefix))));
  const [, columns, references, indexes, triggers, counts] = inUse;
  return { columns, references, indexes, triggers, counts };
}

const withoutPrefix = (value: unknown, prefix: string) =>
  typeof value === "string" ? value.replaceAll(prefix, "") : value;
