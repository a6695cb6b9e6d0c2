import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const SOURCE = join(ROOT, "src");

/** Lower may not import higher; folders of one level may not import each other. */
const LEVELS = [
  ["lib"],
  ["errors"],
  ["model"],
  ["columns"],
  ["query", "ddl", "libsql"],
  ["openapi", "db", "kv", "rates", "webhooks"],
  ["write", "tokens"],
  ["fence"],
  ["services"],
  ["http"],
];
/** The Worker's entry and its environment are above all folders. */
const WIRING = new Set(["index.ts", "app.ts", "env.ts", "variables.ts"]);
/** The part of the services that every noun may use. */
const SHARED_SERVICES = new Set(["scopes"]);

interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** Repository paths under src/ for relative imports, package names for others. */
  readonly imports: readonly string[];
}

const files: readonly SourceFile[] = readdirSync(SOURCE, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
  .map((entry) => {
    const absolute = join(entry.parentPath, entry.name);
    const text = readFileSync(absolute, "utf8");
    const specifiers = [...text.matchAll(/\bfrom "([^"]+)"|\bimport\("([^"]+)"\)/g)].map(
      (match) => match[1] ?? match[2] ?? "",
    );
    const imports = specifiers.map((specifier) => {
      return specifier.startsWith(".") ? relative(SOURCE, resolve(dirname(absolute), specifier)) : specifier;
    });
    return { path: relative(SOURCE, absolute), text, imports };
  });

const folderOf = (path: string) => path.split("/")[0] ?? "";
const levelOf = (path: string) => LEVELS.findIndex((folders) => folders.includes(folderOf(path)));
const isSource = (path: string) => path.endsWith(".ts");

/** Every `from imports to` that a rule forbids. */
function violations(isForbidden: (from: string, to: string) => boolean): string[] {
  return files.flatMap(({ path, imports }) =>
    imports.filter((target) => isForbidden(path, target)).map((target) => `${path} imports ${target}`),
  );
}

describe("the source", () => {
  it("has only the folders of the architecture", () => {
    expect(files.map(({ path }) => path).filter((path) => levelOf(path) === -1 && !WIRING.has(path))).toEqual(
      [],
    );
  });

  it("imports downwards only", () => {
    const isUpward = (from: string, to: string) => {
      if (!isSource(to) || WIRING.has(from) || folderOf(from) === folderOf(to)) return false;
      if (to === "env.ts") return folderOf(from) !== "http";
      return levelOf(to) >= levelOf(from);
    };
    expect(violations(isUpward)).toEqual([]);
  });

  it("never imports sideways between service nouns", () => {
    const nounOf = (path: string) => (path.split("/").length === 3 ? path.split("/")[1] : undefined);
    const isSideways = (from: string, to: string) => {
      if (folderOf(from) !== "services" || folderOf(to) !== "services") return false;
      const [own, other] = [nounOf(from), nounOf(to)];
      return other !== undefined && other !== own && !SHARED_SERVICES.has(other);
    };
    expect(violations(isSideways)).toEqual([]);
  });

  it.each([
    ["hono", ["http", "app.ts"]],
    ["@libsql", []],
    ["re2js", ["columns"]],
    ["jose", ["tokens"]],
    ["drizzle-orm/sqlite-proxy", ["db"]],
  ])("imports %s only in %j", (name, allowed) => {
    const isForbidden = (from: string, to: string) =>
      (to === name || to.startsWith(`${name}/`)) && !allowed.includes(folderOf(from));
    expect(violations(isForbidden)).toEqual([]);
  });

  it.each([
    [/\bsql\.(?:raw|identifier)\(/, ["query/sql/fragments.ts"]],
    [
      /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bcrypto\.(?:randomUUID|getRandomValues)\(/,
      ["lib/clock.ts", "lib/ids.ts"],
    ],
    [
      /\bfetch\(/,
      ["libsql/post-pipeline.ts", "webhooks/post-webhook.ts", "tokens/key-sets.ts", "http/mcp/serve-mcp.ts"],
    ],
    [/\bconsole\./, ["lib/logger.ts"]],
    [/\bas any\b|: any\b|@ts-ignore|@ts-expect-error|TODO|FIXME/, []],
  ])("has %s only where it belongs", (pattern, allowed) => {
    const found = files.filter(({ path, text }) => pattern.test(text) && !allowed.includes(path));
    expect(found.map(({ path }) => path)).toEqual([]);
  });

  it("keeps files under 300 lines", () => {
    expect(files.filter(({ text }) => text.split("\n").length > 300).map(({ path }) => path)).toEqual([]);
  });
});
