import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { migrateDatabase } from "../../tools/migrate.ts";
import { startDatabase } from "../../tools/runtime/database.ts";
import { spawnGuarded } from "../../tools/runtime/guarded-child.ts";
import { waitUntilHealthy } from "../../tools/runtime/lifecycle.ts";
import { createApiClient } from "../../tools/seed/api-client.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import { findFreePort } from "../support/processes/serve-process.ts";
import { makeServedWorkspace } from "../support/processes/served-workspace.ts";

/* What `npm run deploy` uploads. */

const MOST_KIB = 450;
const STOP_GRACE_MS = 5_000;
const env = {
  ...process.env,
  CI: "true",
  WRANGLER_SEND_METRICS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

let directory = "";
let bundle = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "bundle-test-"));
  /* wrangler watches the bundle's directory. */
  const outdir = join(directory, "bundle");
  execFileSync("npx", ["wrangler", "deploy", "--dry-run", "--outdir", outdir], { env, stdio: "pipe" });
  bundle = join(outdir, "index.js");
});
afterAll(() => rmSync(directory, { recursive: true }));

it("the deployed bundle is at most 450 KiB, compressed", () => {
  expect(gzipSync(readFileSync(bundle)).length / 1024).toBeLessThan(MOST_KIB);
});

it("the deployed bundle serves an entity in workerd, from its definition to the last record", async () => {
  const database = await startDatabase(join(directory, "data.db"), console.error);
  await migrateDatabase(database);
  const port = await findFreePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  const variables = { LIBSQL_URL: database.url, LIBSQL_AUTH_TOKEN: database.authToken, ADMIN_TOKEN };
  const wrangler = spawnGuarded(
    "npx",
    [
      ...[
        "wrangler",
        "dev",
        bundle,
        "--no-bundle",
        "--config",
        "wrangler.toml",
        "--ip",
        "127.0.0.1",
        "--port",
        String(port),
      ],
      ...["--inspector-port", "0", "--persist-to", join(directory, "state"), "--log-level", "error"],
      ...Object.entries(variables).flatMap(([name, value]) => ["--var", `${name}:${value}`]),
    ],
    { env, stdio: ["ignore", "ignore", "inherit"] },
  );
  try {
    await waitUntilHealthy(baseUrl);
    const note = { name: "Note", columns: [{ name: "text", type: "TEXT", nullable: false }] };
    const { path, key } = await makeServedWorkspace(baseUrl, note);
    const api = createApiClient(baseUrl, key);
    await api.require("POST", `${path}/Note`, { text: "one" });
    await api.require("PUT", `${path}/Note/1`, { text: "two" });
    expect(await api.require("GET", `${path}/Note/1`)).toMatchObject({ id: 1, text: "two" });
    const page = await fetch(`${baseUrl}/docs/${path.slice("/api/v1/".length)}`);
    expect([page.status, page.headers.get("content-type")]).toEqual([
      200,
      expect.stringContaining("text/html"),
    ]);
    await api.require("DELETE", `${path}/Note/1`);
    expect((await api.send("GET", `${path}/Note/1`)).status).toBe(404);
  } finally {
    await wrangler.stop(STOP_GRACE_MS);
    await database.stop();
  }
});
