import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLibsqlServer } from "../../../tools/libsql-server/start-libsql-server.ts";
import { type HttpProxy, startHttpProxy } from "./http-proxy.ts";
import { type Served, serveWorker } from "./served-workspace.ts";

export interface BehindProxy extends Served {
  /** Where the database is without the proxy. */
  readonly databaseUrl: string;
  connections: HttpProxy["connections"];
}

/** The production runtime, which asks `decide` what is to become of each of its round trips to a database of its own. */
export async function serveBehindProxy(decide: Parameters<typeof startHttpProxy>[1]): Promise<BehindProxy> {
  const directory = mkdtempSync(join(tmpdir(), "behind-proxy-"));
  const database = await startLibsqlServer({ file: join(directory, "data.db") });
  const proxy = await startHttpProxy(database.url, decide);
  const served = await serveWorker({ LIBSQL_URL: proxy.url });
  return {
    ...served,
    databaseUrl: database.url,
    connections: proxy.connections,
    async stop() {
      await served.stop();
      await proxy.stop();
      await database.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
