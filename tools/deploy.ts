import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { migrateDatabase } from "./migrate.ts";
import { OperatorError, runCommand } from "./runtime/operator-error.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const KV_PLACEHOLDER = "REPLACE_WITH_KV_NAMESPACE_ID";

/** What keeps a deployment from succeeding, one sentence each; empty when nothing does. */
export function findMissingSettings(env: NodeJS.ProcessEnv, wranglerToml: string): readonly string[] {
  const missing: string[] = [];
  if (!env.LIBSQL_URL) missing.push("LIBSQL_URL: the address of the database, libsql://… or https://…");
  else if (!/^(?:libsql|https):\/\//.test(env.LIBSQL_URL)) {
    missing.push("LIBSQL_URL: must be libsql://… or https://…, Workers reach no other address");
  }
  if (!env.LIBSQL_AUTH_TOKEN) missing.push("LIBSQL_AUTH_TOKEN: the database's token");
  if (wranglerToml.includes(KV_PLACEHOLDER)) {
    missing.push("wrangler.toml: the id of the KV namespace (npx wrangler kv namespace create API_KEYS)");
  }
  return missing;
}

async function main(): Promise<void> {
  const { LIBSQL_URL, LIBSQL_AUTH_TOKEN } = process.env;
  const missing = findMissingSettings(process.env, readFileSync(`${ROOT}/wrangler.toml`, "utf8"));
  if (missing.length > 0 || !LIBSQL_URL) {
    throw new OperatorError(`Not deployed. Missing:\n${missing.map((line) => `  ${line}`).join("\n")}`);
  }
  await migrateDatabase({ url: LIBSQL_URL, authToken: LIBSQL_AUTH_TOKEN });
  const { status } = spawnSync("wrangler", ["deploy", "--var", `LIBSQL_URL:${LIBSQL_URL}`], {
    cwd: ROOT,
    stdio: "inherit",
    env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
  });
  process.exitCode = status ?? 1;
}

if (import.meta.main) await runCommand(main);
