import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import Database from "libsql";
import { OperatorError, runCommand } from "./runtime/operator-error.ts";

/* `npm run backup`: copies of the database of `npm run serve`, while it runs. */
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const USAGE = `Usage: npm run backup -- FILE [--every 1h] [--keep 24]

Copies the database of DATA_DIR (.data/serve) to FILE, as it is at one moment, also while the server runs.
  --every   goes on, and makes another copy each 30m, 1h, 1d …; the time is put into the file's name
  --keep    deletes all but the newest so many copies (24)`;
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const USUALLY_KEPT = 24;
const NOBODY_ELSE = 0o077;
/** How long a copy waits for a writer that holds the database. */
const BUSY_MS = 10_000;

await runCommand(async () => {
  const { target, everyMs, keep } = readArguments();
  process.umask(NOBODY_ELSE);
  mkdirSync(dirname(target), { recursive: true });
  if (everyMs === undefined) return makeCopy(target);
  for (;;) {
    const next = Date.now() + everyMs;
    makeCopy(withTime(target, new Date()));
    deleteOldCopies(target, keep);
    await sleep(next - Date.now());
  }
});

function readArguments() {
  const options = { every: { type: "string" }, keep: { type: "string" }, help: { type: "boolean" } } as const;
  let parsed: ReturnType<typeof parse>;
  function parse() {
    return parseArgs({ options, allowPositionals: true });
  }
  try {
    parsed = parse();
  } catch (error) {
    throw new OperatorError(`${(error as Error).message}\n\n${USAGE}`, 2);
  }
  const { values, positionals } = parsed;
  const [file, ...others] = positionals;
  if (!file || others.length > 0 || values.help) throw new OperatorError(USAGE, values.help ? 0 : 2);
  return {
    target: resolve(file),
    everyMs: values.every === undefined ? undefined : readDuration(values.every),
    keep: values.keep === undefined ? USUALLY_KEPT : readCount(values.keep),
  };
}

function readDuration(text: string): number {
  const [, count, unit = ""] = /^([1-9]\d{0,4})([mhd])$/.exec(text) ?? [];
  if (!count)
    throw new OperatorError(`--every must be a number and m, h or d, such as 1h, not '${text}'.`, 2);
  return Number(count) * (UNITS[unit] ?? 0);
}

function readCount(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new OperatorError(`--keep must be a whole number above 0, not '${text}'.`, 2);
}

/** Copies the database. The file appears when it is complete and checked. */
function makeCopy(target: string): void {
  const source = join(resolve(process.env.DATA_DIR || join(ROOT, ".data/serve")), "data.db");
  if (!existsSync(source)) throw new OperatorError(`There is no database at ${source}: set DATA_DIR.`);
  if (existsSync(target)) throw new OperatorError(`${target} exists already.`);
  const draft = `${target}.part`;
  rmSync(draft, { force: true });
  const database = new Database(source, { timeout: BUSY_MS });
  database.prepare("VACUUM INTO ?").run([draft]);
  database.close();
  const copy = new Database(draft);
  const { quick_check: verdict } = copy.prepare("PRAGMA quick_check").get([]) as { quick_check: string };
  copy.close();
  if (verdict !== "ok") throw new OperatorError(`The copy is damaged: ${verdict}`);
  renameSync(draft, target);
  console.log(`Copied ${source} to ${target}`);
}

/** `backup.db` → `backup-20261130T003500Z.db`. */
function withTime(target: string, now: Date): string {
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const extension = extname(target);
  return `${target.slice(0, target.length - extension.length)}-${time}${extension}`;
}

function deleteOldCopies(target: string, keep: number): void {
  const extension = extname(target);
  const stem = basename(target, extension);
  const isCopy = (name: string) =>
    name.startsWith(`${stem}-`) && /^\d{8}T\d{6}Z$/.test(basename(name, extension).slice(stem.length + 1));
  const copies = readdirSync(dirname(target)).filter(isCopy).sort();
  for (const name of copies.slice(0, -keep)) rmSync(join(dirname(target), name));
}
