import { DatabaseSync } from "node:sqlite";
import { serve } from "bknd/adapter/node";
import { code } from "bknd/modes";
import { referenceIndexes, schemaOf } from "./bknd-schema.mjs";

/* bknd on Node in code mode, its fastest: the schema is not read from the database. SYNC=true makes the tables. */
const { PORT, DATABASE_FILE, WRITTEN, SYNC } = process.env;
const written = WRITTEN.split(",");
const app = code({
  isProduction: SYNC !== "true",
  writer: async () => {},
  connection: { url: `file:${DATABASE_FILE}` },
  app: { config: { data: schemaOf(written) } },
});
if (SYNC !== "true") {
  const database = new DatabaseSync(DATABASE_FILE);
  for (const sql of referenceIndexes(written)) database.exec(sql);
  database.close();
}
serve({ port: Number(PORT), hostname: "127.0.0.1", ...app });
