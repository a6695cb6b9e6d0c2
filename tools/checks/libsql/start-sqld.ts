import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "../../../test/support/processes/serve-process.ts";
import { spawnGuarded } from "../../runtime/guarded-child.ts";
import { waitUntilHealthy } from "../../runtime/lifecycle.ts";

const STOP_GRACE_MS = 5_000;

export interface Sqld {
  readonly url: string;
  /** Ends the server, at once with `isKilled`, and starts it again with the same data and port. */
  restart(isKilled: boolean): Promise<void>;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
}

/** Starts a libSQL server with its default settings, on its own port and directory. */
export async function startSqld(binary: string): Promise<Sqld> {
  const directory = mkdtempSync(join(tmpdir(), "sqld-"));
  const address = `127.0.0.1:${await findFreePort()}`;
  const url = `http://${address}`;
  const start = async () => {
    const flags = ["--db-path", join(directory, "data.sqld"), "--http-listen-addr", address];
    const child = spawnGuarded(binary, flags, { stdio: "ignore" });
    await waitUntilHealthy(url, "/health");
    return child;
  };
  let server = await start();
  return {
    url,
    async restart(isKilled) {
      await server.stop(isKilled ? 0 : STOP_GRACE_MS);
      server = await start();
    },
    async stop() {
      await server.stop(STOP_GRACE_MS);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
