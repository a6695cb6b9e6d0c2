import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { readReadyUrl } from "./ready-url.ts";

const MAIN = join(import.meta.dirname, "../../main.ts");

export interface ChildServer {
  readonly url: string;
  /** The token that the server has made; undefined when it was given one. */
  readonly authToken: string | undefined;
  /** Sends the signal and resolves with the exit code, null if the signal ended the process. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

/** The command line in a process of its own; killed when the test ends. */
export function spawnMain(args: string[]): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

export async function startChildServer(args: string[]): Promise<ChildServer> {
  const child = spawnMain(args);
  let authToken: string | undefined;
  const url = await readReadyUrl(child, (line) => {
    authToken ??= /^Auth token: (\S+)$/.exec(line)?.[1];
  });
  const stop = async (signal: NodeJS.Signals) => {
    const exited = once(child, "exit");
    child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  };
  return { url, authToken, stop };
}
