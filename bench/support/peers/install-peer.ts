import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
export const PEERS_DIRECTORY = process.env.BENCH_PEERS_DIR || join(tmpdir(), "schemastack-bench-peers");
const INSTALL_TIMEOUT_MS = 15 * 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const MESSAGE_LENGTH = 600;

export interface PeerPackage {
  readonly name: string;
  readonly version: string;
  /** Major version of the Node that it is installed for and run on, from the package `node`. */
  readonly node: number;
  readonly others?: readonly string[];
}

export interface InstalledPeer {
  readonly directory: string;
  /** The Node that its native modules were built for. */
  readonly node: string;
  readonly nodeVersion: string;
  /** Variables that make it run on that Node. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Installs a peer from npm outside the project. An earlier installation is reused. Native modules are built against the
 * headers of the peer's own Node. Throws with npm's output.
 */
export async function installPeer({ name, version, node, others = [] }: PeerPackage): Promise<InstalledPeer> {
  const nodeRoot = await install(`node-${node}`, [`node@${node}`], {});
  const nodeDirectory = dirname(findHeaders(nodeRoot));
  const binaries = join(nodeRoot, "node_modules/node/bin");
  const env = { PATH: `${binaries}${delimiter}${process.env.PATH}` };
  const packages = [`${name}@${version}`, ...others];
  const directory = await install(packages.join("+").replaceAll("@", "-"), packages, {
    ...env,
    npm_config_nodedir: nodeDirectory,
  });
  const executable = join(binaries, "node");
  const { stdout } = await run(executable, ["--version"]);
  return { directory, node: executable, nodeVersion: stdout.trim(), env };
}

async function install(
  folder: string,
  packages: readonly string[],
  env: Record<string, string>,
): Promise<string> {
  const directory = join(PEERS_DIRECTORY, folder);
  const marker = join(directory, "installed.json");
  const wanted = JSON.stringify(packages);
  if (existsSync(marker) && readFileSync(marker, "utf8") === wanted) return directory;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "package.json"), '{ "private": true }');
  console.log(`Installing ${packages.join(" ")} …`);
  try {
    await run("npm", ["install", "--no-audit", "--no-fund", ...packages], {
      cwd: directory,
      env: { ...process.env, ...env },
      timeout: INSTALL_TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT_BYTES,
    });
  } catch (error) {
    throw new Error(
      `npm install failed: ${lastErrors((error as { stderr?: string }).stderr ?? String(error))}`,
    );
  }
  writeFileSync(marker, wanted);
  return directory;
}

function lastErrors(text: string): string {
  const lines = text.split("\n").filter((line) => /error/i.test(line));
  return lines.join(" ").slice(-MESSAGE_LENGTH);
}

/** The directory of C++ headers that the package `node` brings along. */
function findHeaders(root: string): string {
  const platform = `node-${process.platform}-${process.arch}/include`;
  const candidates = ["node_modules/node/node_modules", "node_modules"].map((path) =>
    join(root, path, platform),
  );
  const found = candidates.find((path) => existsSync(path));
  if (!found) throw new Error(`the package node has no headers in ${candidates.join(" or ")}`);
  return found;
}
