import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";

const MOST_KIB = 450;

it("the deployed bundle is at most 450 KiB, compressed", () => {
  const directory = mkdtempSync(join(tmpdir(), "bundle-test-"));
  try {
    execFileSync("npx", ["wrangler", "deploy", "--dry-run", "--outdir", directory], {
      env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
      stdio: "pipe",
    });
    expect(gzipSync(readFileSync(join(directory, "index.js"))).length / 1024).toBeLessThan(MOST_KIB);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
