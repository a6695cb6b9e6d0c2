import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin, stop } from "esbuild";

/*
 * `node tools/docs-page/build-assets.ts`: the static files of the documentation page, into dist/assets. wrangler runs it
 * before it deploys or develops (wrangler.toml), `npm run serve` through buildAssets.
 */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HERE = fileURLToPath(new URL(".", import.meta.url));
const BROWSER = join(HERE, "browser");
/** As wrangler.toml names it. */
const ASSETS = join(ROOT, "dist/assets");
/** The static files' folder in their addresses. */
const FOLDER = "docs-assets";
/** Identifies the sources of the files. wrangler does not upload it. */
const STAMP = "built-of.txt";
const HEADERS = `/${FOLDER}/*\n  X-Content-Type-Options: nosniff\n`;

/**
 * The modules of Scalar's icons do not declare that they can be left out. With all of them, the page is five times as
 * large.
 */
const leaveUnusedIconsOut: Plugin = {
  name: "leave-unused-icons-out",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/(components\/)?ScalarIcon\w+\.vue2?\.js$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path),
      sideEffects: false,
    }));
  },
};

const OPTIONS: BuildOptions = {
  entryPoints: [join(BROWSER, "page.ts")],
  outdir: join(ASSETS, FOLDER),
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  target: "es2023",
  define: {
    "process.env.NODE_ENV": '"production"',
    __VUE_OPTIONS_API__: "true",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
  },
  plugins: [leaveUnusedIconsOut],
  write: false,
  logLevel: "error",
};

/**
 * Builds the static files unless they exist, which takes seconds, and returns their directory. Several processes may do
 * it at once: every file appears complete, the stamp last.
 */
export async function buildAssets(): Promise<string> {
  const stamp = stampOf([
    join(ROOT, "package-lock.json"),
    join(HERE, "build-assets.ts"),
    ...readdirSync(BROWSER).map((name) => join(BROWSER, name)),
  ]);
  const stampFile = join(ASSETS, STAMP);
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return ASSETS;
  const { outputFiles = [] } = await build(OPTIONS);
  await stop();
  mkdirSync(join(ASSETS, FOLDER), { recursive: true });
  for (const { path, contents } of outputFiles) writeWhole(path, contents);
  const written = new Set(outputFiles.map(({ path }) => path));
  for (const name of readdirSync(join(ASSETS, FOLDER))) {
    const path = join(ASSETS, FOLDER, name);
    if (!written.has(path)) rmSync(path, { force: true });
  }
  writeWhole(join(ASSETS, "_headers"), HEADERS);
  writeWhole(join(ASSETS, ".assetsignore"), `${STAMP}\n`);
  writeWhole(stampFile, stamp);
  return ASSETS;
}

function writeWhole(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

function stampOf(files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files.toSorted()) hash.update(file).update(readFileSync(file));
  return hash.digest("hex");
}

if (import.meta.main) await buildAssets();
