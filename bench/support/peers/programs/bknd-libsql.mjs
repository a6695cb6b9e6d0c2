import { libsql } from "bknd";
import { serve } from "bknd/adapter/node";
import { code } from "bknd/modes";
import { referenceIndexes, schemaOf } from "./bknd-schema.mjs";

/* bknd on Node in code mode over a libSQL server, by the driver that it brings along. SYNC=true makes the tables. */
const { PORT, DATABASE_URL, DATABASE_TOKEN, WRITTEN, SYNC } = process.env;
const written = WRITTEN.split(",");

/* The driver sends JSON without a Content-Type. sqld accepts that, but the embedded libSQL server refuses it. */
const { fetch } = globalThis;
globalThis.fetch = (url, init) => {
  const isBare = init?.method === "POST" && !new Headers(init.headers).has("content-type");
  return fetch(
    url,
    isBare ? { ...init, headers: { ...init.headers, "content-type": "application/json" } } : init,
  );
};

const connection = libsql({ url: DATABASE_URL, authToken: DATABASE_TOKEN });
const app = code({
  isProduction: SYNC !== "true",
  writer: async () => {},
  connection,
  app: { config: { data: schemaOf(written) } },
});
if (SYNC !== "true") {
  const { db } = await connection.getExecutor();
  await db.batch(referenceIndexes(written));
}
serve({ port: Number(PORT), hostname: "127.0.0.1", ...app });
