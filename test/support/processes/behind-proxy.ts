import { type HttpProxy, startHttpProxy } from "./http-proxy.ts";
import { type Served, serveWorker } from "./served-workspace.ts";
import { startTestDatabase } from "./test-database.ts";

export type BehindProxy<S extends Serving = Served> = S & {
  /** The database's address without the proxy. */
  readonly databaseUrl: string;
  connections: HttpProxy["connections"];
  waiting: HttpProxy["waiting"];
};

interface Serving {
  stop(): Promise<void>;
}

/** The product with its own database. `decide` controls each round trip between them. */
export function serveBehindProxy(
  decide: Parameters<typeof startHttpProxy>[1],
  variables: Readonly<Record<string, string>> = {},
): Promise<BehindProxy> {
  return serveWithProxy(serveWorker, decide, variables);
}

/** The same with what `serve` starts. */
export async function serveWithProxy<S extends Serving>(
  serve: (variables: Readonly<Record<string, string>>) => Promise<S>,
  decide: Parameters<typeof startHttpProxy>[1],
  variables: Readonly<Record<string, string>> = {},
): Promise<BehindProxy<S>> {
  const database = await startTestDatabase();
  const proxy = await startHttpProxy(database.url, decide);
  const served = await serve({ ...variables, LIBSQL_URL: proxy.url });
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
