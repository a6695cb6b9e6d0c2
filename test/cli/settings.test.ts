import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resolveSettings } from "../../tools/cli/settings.ts";

let dev = "";

beforeEach(() => {
  dev = mkdtempSync(join(tmpdir(), "cli-settings-"));
  const write = (name: string, value: object) => writeFileSync(join(dev, name), JSON.stringify(value));
  write("server.json", { pid: 1, port: 9000 });
  write("secrets.json", { adminToken: "admin_dev" });
  write("demo.json", { readWriteKey: "sk_dev" });
});

afterEach(() => rmSync(dev, { recursive: true }));

const retries = 8;

describe("settings", () => {
  it("come from options before variables", () => {
    const env = {
      SCHEMASTACK_URL: "https://env.example/",
      SCHEMASTACK_KEY: "env-key",
      SCHEMASTACK_ADMIN_TOKEN: "env-token",
      SCHEMASTACK_ORG: "env-org",
      SCHEMASTACK_WORKSPACE: "env-w",
    };
    expect(resolveSettings({ retries, key: "own-key", org: "own-org" }, env, dev)).toEqual({
      url: "https://env.example",
      key: "own-key",
      adminToken: "env-token",
      organization: "own-org",
      workspace: "env-w",
    });
  });

  it("are those of npm run dev when nothing else is given", () => {
    expect(resolveSettings({ retries }, {}, dev)).toEqual({
      url: "http://127.0.0.1:9000",
      key: "sk_dev",
      adminToken: "admin_dev",
      organization: "demo",
      workspace: "air",
    });
  });

  it("never send the secrets of npm run dev to another address, nor its key to another workspace", () => {
    const elsewhere = resolveSettings({ retries, url: "https://other.example" }, {}, dev);
    expect(elsewhere).toMatchObject({ key: undefined, adminToken: undefined, organization: undefined });
    expect(resolveSettings({ retries, workspace: "shop" }, {}, dev)).toMatchObject({
      key: undefined,
      adminToken: "admin_dev",
      organization: "demo",
    });
    expect(resolveSettings({ retries, org: "acme" }, {}, dev).workspace).toBeUndefined();
  });

  it("lack an address when there is no npm run dev either", () => {
    expect(() => resolveSettings({ retries }, {}, join(dev, "missing"))).toThrow("Which deployment?");
  });
});
