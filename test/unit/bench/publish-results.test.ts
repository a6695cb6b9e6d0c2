import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "results-"));
  vi.resetModules();
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

async function publishWith(environment: Readonly<Record<string, string>>) {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const { publishResults, readNumber, readSetting } = await import(
    "../../../bench/support/publish-results.ts"
  );
  const settings = [readNumber("ROUNDS", 500), readSetting("PEERS", "")];
  publishResults({ "load.md": "text" }, directory);
  return settings;
}

it.each([{}, { ROUNDS: "500" }, { ROUNDS: "", PEERS: "" }])(
  "writes the results of a run with the settings of the published ones: %o",
  async (environment) => {
    expect(await publishWith(environment)).toEqual([500, ""]);
    expect(readFileSync(join(directory, "load.md"), "utf8")).toBe("text");
  },
);

it("writes nothing with other settings, and says which", async () => {
  expect(await publishWith({ ROUNDS: "5", PEERS: "none" })).toEqual([5, "none"]);
  expect(readdirSync(directory)).toEqual([]);
  expect(console.error).toHaveBeenCalledWith(expect.stringContaining("other settings: ROUNDS, PEERS."));
});
