import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, stop } from "esbuild";
import { OperatorError } from "../../../tools/runtime/operator-error.ts";

const ENTRY = fileURLToPath(new URL("./worker-entry.js", import.meta.url));
const MCP_SHIMS = fileURLToPath(new URL("../../../src/http/mcp/sdk-shims.ts", import.meta.url));

/**
 * Bundles the Worker into `directory` as worker.js beside worker-entry.js, with the bundler and the settings that
 * `wrangler deploy` uses, in a tenth of its time. Throws OperatorError when it does not build; the reasons are printed.
 */
export async function buildWorker(main: string, directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  await build({
    entryPoints: [main],
    outfile: join(directory, "worker.js"),
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["module", "main"],
    alias: { "@modelcontextprotocol/server/_shims": MCP_SHIMS },
    external: ["cloudflare:*", "node:*"],
    define: { "process.env.NODE_ENV": '"production"' },
    minifySyntax: true,
    sourcemap: "inline",
    sourcesContent: false,
    logLevel: "error",
  }).catch(() => {
    throw new OperatorError("The Worker does not build.");
  });
  await stop();
  copyFileSync(ENTRY, join(directory, "worker-entry.js"));
}
