import { startLibsqlServer } from "../libsql-server/start-libsql-server.ts";

/*
 * The embedded libSQL server as a process: a crash of native code takes nothing else with it.
 * Environment: DATABASE_FILE, DATABASE_PORT (0: any), DATABASE_TOKEN. Sends `{ port }` once it listens.
 */
const server = await startLibsqlServer({
  file: process.env.DATABASE_FILE ?? "",
  port: Number(process.env.DATABASE_PORT ?? 0),
  host: "127.0.0.1",
  authToken: process.env.DATABASE_TOKEN ?? "",
});

async function end(): Promise<void> {
  await server.close();
  process.exit(0);
}
process.once("SIGTERM", end);
process.once("disconnect", end);
process.send?.({ port: server.port });
