import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parse } from "smol-toml";
import { migrateDatabase } from "./migrate.ts";
import { OperatorError, runCommand } from "./runtime/operator-error.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** In the root, because Wrangler resolves the paths of a configuration from where it stands. */
const GENERATED = join(ROOT, "wrangler.generated.json");
const KV_PLACEHOLDER = "REPLACE_WITH_KV_NAMESPACE_ID";

export type WranglerConfig = Readonly<Record<string, unknown>>;

/**
 * Returns the tracked template with the settings of one deployment laid over it: a setting replaces the template's,
 * except that `vars` are merged by name.
 */
export function mergeConfig(template: WranglerConfig, local: WranglerConfig): WranglerConfig {
  return { ...template, ...local, vars: { ...varsOf(template), ...varsOf(local) } };
}

const varsOf = ({ vars }: WranglerConfig): WranglerConfig => ({ ...(typeof vars === "object" && vars) });

const databaseUrlOf = (config: WranglerConfig): string => String(varsOf(config).LIBSQL_URL ?? "");

/** Returns one sentence for each setting without which a deployment cannot succeed. */
export function findMissingSettings(env: NodeJS.ProcessEnv, config: WranglerConfig): readonly string[] {
  const missing: string[] = [];
  const url = databaseUrlOf(config);
  if (!url) missing.push("LIBSQL_URL: the address of the database, libsql://… or https://…");
  else if (!/^(?:libsql|https):\/\//.test(url)) {
    missing.push("LIBSQL_URL: must be libsql://… or https://…, because Workers reach no other address");
  }
  if (!env.LIBSQL_AUTH_TOKEN) missing.push("LIBSQL_AUTH_TOKEN: the database's token");
  if (JSON.stringify(config).includes(KV_PLACEHOLDER)) {
    missing.push("kv_namespaces: the id that `npx wrangler kv namespace create API_KEYS` prints");
  }
  return missing;
}

/** Reads the template and the settings of the target: `wrangler.local.toml`, or `wrangler.{target}.toml`. */
function readSettings(target: string): WranglerConfig {
  const readToml = (file: string): WranglerConfig => {
    try {
      return parse(readFileSync(join(ROOT, file), "utf8"));
    } catch (error) {
      throw new OperatorError(`Cannot read ${file}: ${error instanceof Error ? error.message : error}`);
    }
  };
  const template = readToml("wrangler.toml");
  const local = `wrangler.${target}.toml`;
  if (target === "local" && !existsSync(join(ROOT, local))) return template;
  return mergeConfig(template, readToml(local));
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        target: { type: "string", default: "local" },
        "dry-run": { type: "boolean", default: false },
      },
    });
    if (/^[a-z0-9-]+$/.test(values.target)) return { target: values.target, isDryRun: values["dry-run"] };
  } catch {
    // Said below.
  }
  throw new OperatorError("Usage: npm run deploy -- [--target NAME] [--dry-run]; NAME is a-z, 0-9 and '-'.");
}

function runWrangler(config: WranglerConfig, args: readonly string[]): number {
  writeFileSync(GENERATED, JSON.stringify(config));
  try {
    const { status } = spawnSync("wrangler", ["deploy", "--config", GENERATED, ...args], {
      cwd: ROOT,
      stdio: "inherit",
      env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
    });
    return status ?? 1;
  } finally {
    rmSync(GENERATED);
  }
}

async function main(): Promise<void> {
  const { target, isDryRun } = readOptions();
  const { LIBSQL_URL, LIBSQL_AUTH_TOKEN: authToken } = process.env;
  const settings = readSettings(target);
  const config = LIBSQL_URL ? mergeConfig(settings, { vars: { LIBSQL_URL } }) : settings;
  const missing = findMissingSettings(process.env, config);
  if (missing.length > 0) {
    const lines = missing.map((line) => `  ${line}`).join("\n");
    throw new OperatorError(`Not deployed. Missing in wrangler.${target}.toml or the environment:\n${lines}`);
  }
  if (!isDryRun) await migrateDatabase({ url: databaseUrlOf(config), authToken });
  process.exitCode = runWrangler(config, isDryRun ? ["--dry-run"] : []);
}

if (import.meta.main) await runCommand(main);
