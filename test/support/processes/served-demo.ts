import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort, startServe } from "./serve-process.ts";

export const ADMIN_TOKEN = "served-demo-admin-token-of-32-characters";

export interface ServedDemo {
  readonly baseUrl: string;
  /** READ_WRITE, of the workspace `demo/air`. */
  readonly key: string;
  stop(): Promise<void>;
}

/** The real Worker as `npm run serve` runs it, with the demo workspace. */
export async function serveDemo(): Promise<ServedDemo> {
  const directory = mkdtempSync(join(tmpdir(), "served-demo-"));
  const port = await findFreePort();
  const server = startServe(directory, port, { ADMIN_TOKEN, SEED: "demo" });
  await server.waitFor("Ready on ");
  const [, key = ""] = /, key (sk_live_\w+)/.exec(server.output()) ?? [];
  return {
    baseUrl: server.baseUrl,
    key,
    async stop() {
      server.child.kill("SIGTERM");
      await server.exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
