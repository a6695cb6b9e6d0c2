import { pause } from "../../../src/lib/clock.ts";
import { openHttpDatabase } from "../../../src/libsql/open-http-database.ts";

const CHUNK = 50;

const open = (url: string) => openHttpDatabase({ url, authToken: undefined, requestId: "bench" });

/** Tables, indexes and triggers of the whole database. */
export async function countObjects(url: string): Promise<number> {
  const [row] = await open(url).run({ sql: "SELECT count(*) FROM sqlite_schema", args: [] });
  return Number(row?.[0]);
}

/** Tables, indexes and triggers as many as entities of three columns of other workspaces have. */
export async function addEntities(url: string, from: number, to: number): Promise<void> {
  const database = open(url);
  for (let first = from; first < to; first += CHUNK) {
    const statements = Array.from({ length: Math.min(CHUNK, to - first) }, (_, i) => {
      const name = `other_${first + i}`;
      return [
        `CREATE TABLE ${name} (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c INTEGER, version INTEGER)`,
        `CREATE INDEX ${name}_a ON ${name} (a)`,
        `CREATE INDEX ${name}_b ON ${name} (b)`,
        `CREATE TRIGGER ${name}_i AFTER INSERT ON ${name} BEGIN UPDATE workspaces SET name = name WHERE FALSE; END`,
        `CREATE TRIGGER ${name}_d AFTER DELETE ON ${name} BEGIN UPDATE workspaces SET name = name WHERE FALSE; END`,
      ].map((sql) => ({ sql, args: [] }));
    });
    await database.write(statements.flat());
  }
}

/** Changes the schema again and again. Returns what ends it. */
export function changeSchema(url: string, everyMs: number): () => Promise<void> {
  const database = open(url);
  let isOver = false;
  async function change(): Promise<void> {
    for (let count = 0; !isOver; count++) {
      const sql = `CREATE TABLE changed_${count} (id INTEGER PRIMARY KEY)`;
      await Promise.all([database.run({ sql, args: [] }), pause(everyMs)]);
    }
  }
  const changing = change();
  return () => {
    isOver = true;
    return changing;
  };
}
