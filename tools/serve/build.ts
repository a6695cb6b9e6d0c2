import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin, stop } from "esbuild";
import { buildAssets } from "../docs-page/build-assets.ts";

/*
 * `node tools/serve/build.ts DIRECTORY`: the server and the application in JavaScript, and the documentation page's files.
 * Several processes may build at once: the directory appears complete.
 */
const SOURCE = fileURLToPath(new URL("../../src", import.meta.url));
const HERE = fileURLToPath(new URL(".", import.meta.url));
const KEPT_BUILDS = 4;
const LONGEST_BUILD_MS = 600_000;

/** Puts Node's synchronous hash in the place of Web Crypto's. */
const nodeSha256: Plugin = {
  name: "node-sha256",
  setup({ onResolve }) {
    onResolve({ filter: /\/sha256\.ts$/ }, () => ({ path: join(HERE, "node-sha256.ts") }));
  },
};

const directory = process.argv[2] ?? "";
mkdirSync(dirname(directory), { recursive: true });
const draft = mkdtempSync(join(dirname(directory), "draft-"));
await build({
  entryPoints: { main: join(HERE, "main.ts"), worker: join(SOURCE, "index.ts") },
  outdir: draft,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  mainFields: ["module", "main"],
  alias: { "@modelcontextprotocol/server/_shims": join(SOURCE, "http/mcp/sdk-shims.ts") },
  external: ["libsql"],
  plugins: [nodeSha256],
  define: { "process.env.NODE_ENV": '"production"' },
  minifySyntax: true,
  logLevel: "error",
}).catch(() => process.exit(1));
await stop();
cpSync(await buildAssets(), join(draft, "assets"), { recursive: true });
try {
  renameSync(draft, directory);
} catch {
  /* Another process was faster. */
  rmSync(draft, { recursive: true });
}
removeOldBuilds(dirname(directory));

/** Removes drafts of builds that were killed, too. */
function removeOldBuilds(parent: string): void {
  const names = readdirSync(parent).filter((name) => name !== basename(directory));
  const changedAt = (name: string) => statSync(join(parent, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const builds = names.filter((name) => /^[0-9a-f]{16}$/.test(name));
  const old = builds.sort((a, b) => changedAt(b) - changedAt(a)).slice(KEPT_BUILDS);
  const isDead = (name: string) =>
    name.startsWith("draft-") && changedAt(name) < Date.now() - LONGEST_BUILD_MS;
  for (const name of [...old, ...names.filter(isDead)])
    rmSync(join(parent, name), { recursive: true, force: true });
}
