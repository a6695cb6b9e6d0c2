import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { readReadyUrl } from "../../tools/libsql-server/test/support/ready-url.ts";
import { spawnGuarded } from "../../tools/runtime/guarded-child.ts";
import { findFreePort, startServe } from "../support/processes/serve-process.ts";

const STOP_GRACE_MS = 5_000;
const ADMIN_TOKEN = "test-admin-token-of-32-characters";
const TOKEN = "token-of-the-tests-database";

/**
 * One `npm run serve` for the whole run, and a libSQL server over the same file for tests that look past the product.
 */
export default async function startServed(project: TestProject): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(tmpdir(), "served-suite-"));
  const port = await findFreePort();
  const variables = {
    ADMIN_TOKEN,
    TOKEN_SECRET_KEY: "test-token-secret-key-of-the-tests",
    WEBHOOK_SECRET_KEY: "test-webhook-secret-key-of-the-tests",
    ADMIN_ISSUER: `${project.getProvidedContext().issuerUrl}/admins`,
    ADMIN_AUDIENCE: "audience-of-admins",
    CLIENT_ADDRESS_HEADER: "CF-Connecting-IP",
    ALLOW_HTTP_WEBHOOKS: "true",
    ALLOW_PRIVATE_WEBHOOKS: "true",
    LOG_REQUESTS: "false",
    SYNC: "normal",
    UNKNOWN_KEY_RATE: "40",
  };
  const server = startServe(directory, port, variables, [process.execPath, "test/setup/served-host.ts"]);
  await server.waitFor("Ready on ");
  const [, countsUrl = ""] = /Counts on (\S+)/.exec(server.output()) ?? [];
  const flags = ["--file", join(directory, "data.db"), "--port", "0", "--auth-token", TOKEN];
  const database = spawnGuarded(process.execPath, ["tools/libsql-server/main.ts", ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  project.provide("libsqlUrl", await readReadyUrl(database.process));
  project.provide("libsqlToken", TOKEN);
  project.provide("servedUrl", server.baseUrl);
  project.provide("countsUrl", countsUrl);
  return async () => {
    await database.stop(STOP_GRACE_MS);
    server.child.kill("SIGTERM");
    await server.exited;
    rmSync(directory, { recursive: true });
  };
}

declare module "vitest" {
  interface ProvidedContext {
    servedUrl: string;
    countsUrl: string;
  }
}
