import { createWriteStream, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { spawnGuarded } from "../../../tools/runtime/guarded-child.ts";
import { onEnd } from "../../../tools/runtime/lifecycle.ts";

const STOP_GRACE_MS = 5_000;
const READY_TIMEOUT_MS = 120_000;
const POLL_MS = 100;
const LOG_TAIL = 800;

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** The program is ready when a GET of this URL gets a response, whatever the status. */
  readonly readyUrl: string;
}

/** Starts a server that ends with this process. Throws, with the end of its log, if it does not respond. */
export async function startProgram(program: Program): Promise<{ stop(): Promise<void> }> {
  const log = createWriteStream(program.logFile);
  const child = spawnGuarded(program.command, program.args, {
    cwd: program.cwd,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: process.env.HOME ?? "",
      NODE_ENV: "production",
      ...program.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.process.stdout?.pipe(log);
  child.process.stderr?.pipe(log);
  const stop = () => child.stop(STOP_GRACE_MS);
  onEnd(stop);
  const state = { end: "" };
  child.ended.then((end) => {
    state.end = end;
  });
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await answers(program.readyUrl))) {
    if (state.end || Date.now() >= deadline) {
      const tail = readFileSync(program.logFile, "utf8").slice(-LOG_TAIL).trim();
      await stop();
      throw new Error(`${state.end || "no answer in time"}; its log ends: ${tail}`);
    }
    await sleep(POLL_MS);
  }
  return { stop };
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
