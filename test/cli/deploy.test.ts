import { execFileSync, spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { findMissingSettings, mergeConfig } from "../../tools/deploy.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TARGET = `test-${process.pid}`;
const SETTINGS = `${ROOT}/wrangler.${TARGET}.toml`;

afterAll(() => rmSync(SETTINGS, { force: true }));

describe("npm run deploy", () => {
  it("lays the settings of a target over the template and merges variables by name", () => {
    const template = { name: "template", main: "src/index.ts", vars: { A: "1", B: "2" } };
    expect(mergeConfig(template, { name: "mine", vars: { B: "3" } })).toEqual({
      name: "mine",
      main: "src/index.ts",
      vars: { A: "1", B: "3" },
    });
  });

  it("names every setting that is missing", () => {
    const config = { kv_namespaces: [{ id: "REPLACE_WITH_KV_NAMESPACE_ID" }], vars: {} };
    expect(findMissingSettings({}, config).map((line) => line.split(":")[0])).toEqual([
      "LIBSQL_URL",
      "LIBSQL_AUTH_TOKEN",
      "kv_namespaces",
    ]);
    const complete = { kv_namespaces: [{ id: "abc" }], vars: { LIBSQL_URL: "libsql://db.example.com" } };
    expect(findMissingSettings({ LIBSQL_AUTH_TOKEN: "token" }, complete)).toEqual([]);
  });

  it("builds the Worker with the settings of a target, and deploys nothing in a dry run", () => {
    writeFileSync(
      SETTINGS,
      `name = "my-api"
kv_namespaces = [{ binding = "API_KEYS", id = "0123456789abcdef0123456789abcdef" }]
[vars]
LIBSQL_URL = "libsql://db.example.com"`,
    );
    const output = execFileSync("node", ["tools/deploy.ts", "--target", TARGET, "--dry-run"], {
      cwd: ROOT,
      env: { ...process.env, LIBSQL_AUTH_TOKEN: "token" },
      encoding: "utf8",
    });
    expect(output).toContain("0123456789abcdef0123456789abcdef");
    expect(output).toContain('"libsql://db.example.com"');
    expect(output).toContain("--dry-run: exiting now.");
  });

  it("refuses a target without settings", () => {
    const { status, stderr } = spawnSync("node", ["tools/deploy.ts", "--target", "absent"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    expect(stderr).toContain("Cannot read wrangler.absent.toml");
    expect(status).toBe(1);
  });
});
