import { type HttpProxy, startHttpProxy } from "./http-proxy.ts";
import { type Served, serveWorker } from "./served-workspace.ts";
import { startTestDatabase } from "./test-database.ts";

export interface BehindProxy extends Served {
  /** The database's address without the proxy. */
  readonly databaseUrl: string;
  connections: HttpProxy["connections"];
  waiting: HttpProxy["waiting"];
}

/** The production runtime with its own database. `decide` controls each round trip between them. */
export async function serveBehindProxy(
  decide: Parameters<typeof startHttpProxy>[1],
  variables: Readonly<Record<string, string>> = {},
): Promise<BehindProxy> {
  const database = await startTestDatabase();
  const proxy = await startHttpProxy(database.url, decide);
  const served = await serveWorker({ ...variables, LIBSQL_URL: proxy.url });
  return {
    ...served,
    databaseUrl: database.url,
    connections: proxy.connections,
    waiting: proxy.waiting,
    async stop() {
      await served.stop();
      await proxy.stop();
      await database.stop();
    },
  };
}
