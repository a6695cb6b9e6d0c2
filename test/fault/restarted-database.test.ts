import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runRestarts } from "../../tools/checks/libsql/run-restarts.ts";
import { readReadyUrl } from "../../tools/libsql-server/test/support/ready-url.ts";
import { spawnGuarded } from "../../tools/runtime/guarded-child.ts";
import { findFreePort } from "../support/processes/serve-process.ts";

/* A short run of `npm run test:restarts` on the embedded server, in a process that can be killed. */

const TOKEN = "test-database-token";
const STOP_GRACE_MS = 5_000;

it("a database that is killed and started again under load loses no write and does none twice", async () => {
  const directory = mkdtempSync(join(tmpdir(), "restarted-"));
  const port = String(await findFreePort());
  const start = async () => {
    const flags = ["--file", join(directory, "data.db"), "--port", port, "--auth-token", TOKEN];
    const child = spawnGuarded(process.execPath, ["tools/libsql-server/main.ts", ...flags], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await readReadyUrl(child.process);
    return child;
  };
  let child = await start();
  const server = {
    url: `http://127.0.0.1:${port}`,
    authToken: TOKEN,
    async restart(isKilled: boolean) {
      await child.stop(isKilled ? 0 : STOP_GRACE_MS);
      child = await start();
    },
  };
  const report = await runRestarts(server, { seconds: 6, restarts: 3, clients: 8 });
  expect(report).toMatchObject({ lost: [], doubled: [], wrong: [] });
  expect(report.written).toBeGreaterThan(0);
  expect(report.unanswered).toBeGreaterThan(0);
  await child.stop(STOP_GRACE_MS);
  rmSync(directory, { recursive: true, force: true });
});
