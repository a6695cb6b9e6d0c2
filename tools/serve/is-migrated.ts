import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";

/** Whether a database file has the newest of the migrations. */
export function isMigrated(file: string, migrations: string): boolean {
  if (!existsSync(file)) return false;
  const journal = JSON.parse(readFileSync(join(migrations, "meta/_journal.json"), "utf8"));
  const database = new Database(file, { timeout: 5_000 });
  try {
    const row = database.prepare("SELECT max(created_at) AS newest FROM __drizzle_migrations").get([]);
    return (row as { newest: number | null }).newest === journal.entries.at(-1).when;
  } catch {
    return false;
  } finally {
    database.close();
  }
}
