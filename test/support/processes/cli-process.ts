import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ADMIN_TOKEN } from "./counter-workspace.ts";
import type { ServedWorkspace } from "./served-workspace.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

export interface CliOutcome {
  /** Null after a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly ended: Promise<CliOutcome>;
}

/** Starts `npm run -s cli -- …args` with only the given environment. */
export function startCli(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  nodeOptions: readonly string[] = [],
): RunningCli {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [...nodeOptions, "tools/cli/main.ts", ...args], {
    cwd: ROOT,
    env: { PATH, HOME, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { child, ended };
}

/** The environment of a command for the workspace. */
export const environmentOf = (
  baseUrl: string,
  { organization, workspace, key }: ServedWorkspace,
): Readonly<Record<string, string>> => ({
  SCHEMASTACK_URL: baseUrl,
  SCHEMASTACK_ORG: organization,
  SCHEMASTACK_WORKSPACE: workspace,
  SCHEMASTACK_KEY: key,
  SCHEMASTACK_ADMIN_TOKEN: ADMIN_TOKEN,
});
