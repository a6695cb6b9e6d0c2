import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { HEAP_FLAGS, MALLOC_SETTINGS } from "../../../tools/runtime/memory-settings.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

export interface ServeProcess {
  readonly child: ChildProcess;
  readonly baseUrl: string;
  /** Everything it has printed. */
  output(): string;
  /** Resolves with the exit code; null after a signal. */
  readonly exited: Promise<number | null>;
  /** Resolves when the text is printed. Rejects when the process ends without it. */
  waitFor(text: string): Promise<void>;
}

/** The program behind `npm run serve`. */
export const SERVE = [process.execPath, ...HEAP_FLAGS, "tools/serve.js"] as const;

/** Starts what `npm run serve` starts. */
export function startServe(
  dataDirectory: string,
  port: number,
  variables: Readonly<Record<string, string>> = {},
  [program, ...args]: readonly [string, ...string[]] = SERVE,
): ServeProcess {
  const { PATH, HOME } = process.env;
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...MALLOC_SETTINGS, PATH, HOME, PORT: String(port), DATA_DIR: dataDirectory, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  const listeners = new Set<() => void>();
  const collect = (chunk: Buffer): void => {
    printed += chunk.toString();
    for (const listener of listeners) listener();
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const exited = once(child, "close").then(([code]) => code as number | null);
  return {
    child,
    baseUrl: `http://127.0.0.1:${port}`,
    output: () => printed,
    exited,
    waitFor(text) {
      return new Promise((resolve, reject) => {
        const check = (): void => {
          if (printed.includes(text)) resolve();
        };
        listeners.add(check);
        check();
        exited.then(() => reject(new Error(`ended without '${text}':\n${printed}`)));
      });
    },
  };
}

/** Ids of running processes that the process has started and that are not guards of the others. */
export function childrenOf(pid: number | undefined): readonly { pid: number; command: string }[] {
  const table = execFileSync("ps", ["-eo", "pid=,ppid=,stat=,args="], { encoding: "utf8" });
  return table
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, parent, state, command]) => Number(parent) === pid && !state?.startsWith("Z") && command !== "sh",
    )
    .map(([child, , , ...command]) => ({ pid: Number(child), command: command.join(" ") }));
}

/** Resolves when none of the processes runs any more. The test's time limit bounds it. */
export async function waitUntilGone(pids: readonly number[]): Promise<void> {
  while (pids.some(isRunning)) await new Promise((resolve) => setTimeout(resolve, 20));
}

function isRunning(pid: number): boolean {
  try {
    const state = execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
    return !state.startsWith("Z");
  } catch {
    return false;
  }
}

/** A port of 127.0.0.1 that nothing listens on. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
