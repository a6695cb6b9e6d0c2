import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import Database from "libsql";
import { makeDirectory } from "./runtime/make-directory.ts";
import { OperatorError, runCommand } from "./runtime/operator-error.ts";

/* `npm run backup`: copies of the database of `npm run serve`, while it runs. */
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const USAGE = `Usage: npm run backup -- FILE [--every 1h] [--keep 24]

Copies the database of DATA_DIR (.data/serve) to FILE, as it is at one moment, also while the server runs.
  --every   goes on, and makes another copy each 30s, 15m, 1h, 1d …; the time is put into the file's name. A copy that
            fails is reported, and the next one is made at its time
  --keep    deletes all but the newest so many copies (24)`;
const DAY_MS = 86_400_000;
const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: DAY_MS };
/** Timers cannot wait longer than 2^31 ms, which is 24.8 days. */
const LONGEST_DAYS = 24;
const USUALLY_KEPT = 24;
const NOBODY_ELSE = 0o077;
/** How long a copy waits for a writer that holds the database. */
const BUSY_MS = 10_000;

await runCommand(async () => {
  const { target, everyMs, keep } = readArguments();
  process.umask(NOBODY_ELSE);
  makeDirectory(dirname(target));
  const source = join(resolve(process.env.DATA_DIR || join(ROOT, ".data/serve")), "data.db");
  requireDatabase(source);
  const draft = `${target}.part`;
  if (everyMs === undefined) return makeCopy(source, { draft, target });
  for (;;) {
    const next = Date.now() + everyMs;
    try {
      makeCopy(source, { draft, target: withTime(target, new Date()) });
      deleteOldCopies(target, keep);
    } catch (error) {
      console.error(error instanceof OperatorError ? error.message : error);
    }
    await sleep(Math.max(0, next - Date.now()));
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
  const [, count, unit = ""] = /^([1-9]\d{0,6})([smhd])$/.exec(text) ?? [];
  const durationMs = Number(count) * (UNITS[unit] ?? 0);
  if (durationMs <= LONGEST_DAYS * DAY_MS) return durationMs;
  throw new OperatorError(
    `--every must be a number and s, m, h or d, such as 1h, and at most ${LONGEST_DAYS}d, not '${text}'.`,
    2,
  );
}

function readCount(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new OperatorError(`--keep must be a whole number above 0, not '${text}'.`, 2);
}

function requireDatabase(source: string): void {
  if (!existsSync(source)) throw new OperatorError(`There is no database at ${source}: set DATA_DIR.`);
}

/** Copies the database. The file appears when it is complete and checked; the draft of a failed copy is deleted. */
function makeCopy(source: string, { draft, target }: { draft: string; target: string }): void {
  requireDatabase(source);
  if (existsSync(target)) throw new OperatorError(`${target} exists already.`);
  try {
    rmSync(draft, { force: true });
    writeDraft(source, draft);
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new OperatorError(`Could not copy ${source} to ${target}: ${(error as Error).message}`);
  }
  console.log(`Copied ${source} to ${target}`);
}

function writeDraft(source: string, draft: string): void {
  const database = new Database(source, { timeout: BUSY_MS });
  try {
    database.prepare("VACUUM INTO ?").run([draft]);
  } finally {
    database.close();
  }
  const copy = new Database(draft);
  try {
    const { quick_check: verdict } = copy.prepare("PRAGMA quick_check").get([]) as { quick_check: string };
    if (verdict !== "ok") throw new Error(`the copy is damaged: ${verdict}`);
  } finally {
    copy.close();
  }
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
