import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { startLibsqlServer } from "./start-libsql-server.ts";

const USAGE =
  "Usage: node tools/libsql-server/main.ts --file PATH [--port N] [--auth-token TOKEN] [--full-sync] [--max-row-size BYTES] [--stats]";

/** Without a token, any web page could write to a server on this machine. */
const TOKEN_BYTES = 24;

async function main(): Promise<void> {
  const flags = readFlags();
  const authToken = flags.authToken ?? randomBytes(TOKEN_BYTES).toString("base64url");
  const server = await startLibsqlServer({ ...flags, authToken });
  const stop = () => {
    server.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  if (flags.authToken === undefined) console.log(`Auth token: ${authToken}`);
  console.log(`Ready on ${server.url}`);
}

function readFlags() {
  const { values } = parseArgs({
    options: {
      file: { type: "string" },
      port: { type: "string", default: "8080" },
      "auth-token": { type: "string" },
      "full-sync": { type: "boolean", default: false },
      "max-row-size": { type: "string" },
      stats: { type: "boolean", default: false },
    },
  });
  const port = Number(values.port);
  if (!values.file || values["auth-token"] === "" || !Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(USAGE);
  return {
    file: values.file,
    port,
    stats: values.stats,
    synchronous: values["full-sync"] ? ("full" as const) : ("normal" as const),
    authToken: values["auth-token"],
    ...(values["max-row-size"] && { maxValueBytes: Number(values["max-row-size"]) }),
  };
}

function fail(error: unknown): never {
  const { code, port, message } = (error ?? {}) as { code?: string; port?: number; message?: string };
  console.error(code === "EADDRINUSE" ? `Port ${port} is already taken` : (message ?? String(error)));
  process.exit(1);
}

main().catch(fail);
