import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../../..");
const DRIZZLE_KIT = join(ROOT, "node_modules/drizzle-kit/bin.cjs");

it("the migrations contain every table, so db:generate writes only what has changed", () => {
  const out = mkdtempSync(join(tmpdir(), "schemastack-migrations-"));
  try {
    cpSync(join(ROOT, "drizzle"), out, { recursive: true });
    const tables = ["--dialect", "sqlite", "--schema", "./src/db/tables/*.ts"];
    const args = [DRIZZLE_KIT, "generate", ...tables, "--out", relative(ROOT, out)];
    execFileSync(process.execPath, args, { cwd: ROOT, stdio: "pipe" });
    const filesIn = (folder: string) => readdirSync(folder, { recursive: true }).sort();
    expect(filesIn(out)).toEqual(filesIn(join(ROOT, "drizzle")));
  } finally {
    rmSync(out, { recursive: true });
  }
});
