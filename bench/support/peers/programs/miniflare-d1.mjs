import { convertV4MiniflareOptions, Miniflare } from "miniflare";

/* Serves a bundled Worker in workerd with a D1 database on disk. */
const { PORT, SCRIPT, DIRECTORY, COMPATIBILITY_DATE, WRITTEN, SYNC = "false" } = process.env;
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    host: "127.0.0.1",
    port: Number(PORT),
    modules: true,
    scriptPath: SCRIPT,
    compatibilityDate: COMPATIBILITY_DATE,
    compatibilityFlags: ["nodejs_compat"],
    d1Databases: { DB: "bench" },
    resourcePersistencePath: DIRECTORY,
    bindings: { WRITTEN, SYNC },
  }),
);
process.on("SIGTERM", () => miniflare.dispose().then(() => process.exit(0)));
await miniflare.ready;
