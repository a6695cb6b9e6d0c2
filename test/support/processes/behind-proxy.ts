import { type HttpProxy, startHttpProxy } from "./http-proxy.ts";
import { type Served, serveWorker } from "./served-workspace.ts";
import { startTestDatabase } from "./test-database.ts";

export interface BehindProxy extends Served {
  /** Where the database is without the proxy. */
  readonly databaseUrl: string;
  connections: HttpProxy["connections"];
  waiting: HttpProxy["waiting"];
}

/** The production runtime, which asks `decide` what is to become of each of its round trips to a database of its own. */
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
