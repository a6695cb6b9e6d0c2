import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/*
 * `npm run serve`: builds the server if its source has changed, then becomes it. In JavaScript, and without imports of its
 * own source, so that a start costs neither the compiler's time nor its memory. `--build` only builds.
 */
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BUILDS = join(ROOT, "dist/serve");

const build = join(BUILDS, stampOf(["src", "tools", "package-lock.json"]));
if (!existsSync(build)) {
  const { status } = spawnSync(process.execPath, [join(ROOT, "tools/serve/build.ts"), build], {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(1);
}
if (process.argv.includes("--build")) {
  console.log(`Built ${build}`);
} else {
  enableCompileCache(join(BUILDS, "compiled"));
  const { main } = await import(pathToFileURL(join(build, "main.js")).href);
  await main({ root: ROOT, build });
}

/** Differs when the name or the content of any file below the paths does. */
function stampOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths) {
    const entries = statSync(join(ROOT, path)).isFile() ? [path] : filesIn(path);
    for (const file of entries.sort()) hash.update(file).update(readFileSync(join(ROOT, file)));
  }
  return hash.digest("hex").slice(0, 16);
}

function filesIn(path) {
  return readdirSync(join(ROOT, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}
