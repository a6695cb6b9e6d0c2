import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError } from "./operator-error.ts";

const READY_TIMEOUT_MS = 60_000;
const READY_PAUSE_MS = 50;

type Stop = () => Promise<void> | void;

const stops: Stop[] = [];
let isEnding = false;

/** Registers how to undo what was just started. It runs, last started first, whenever the process ends. */
export function onEnd(stop: Stop): void {
  stops.push(stop);
}

/** Ends everything that was started, then the process. A second call changes nothing. */
export async function endProcess(exitCode: number): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  for (const stop of stops.reverse()) await stop();
  process.exit(exitCode);
}

/** Runs a server's main function until SIGINT, SIGTERM or SIGHUP (exit code 0) or a failure (1). */
export async function runServer(main: () => Promise<void>): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void endProcess(0));
  try {
    await main();
  } catch (error) {
    if (isEnding) return;
    console.error(error instanceof OperatorError ? error.message : error);
    await endProcess(1);
  }
}

/** Reports when the program ends although nobody asked for it, and ends this process with exit code 1. */
export function endWith(name: string, ended: Promise<string>): void {
  ended.then((end) => {
    if (isEnding) return;
    console.error(`${name} ended unexpectedly (${end}).`);
    void endProcess(1);
  });
}

/** Resolves when GET of the path answers 200. Throws OperatorError when that takes too long. */
export async function waitUntilHealthy(baseUrl: string, path = "/healthz"): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await isHealthy(baseUrl + path))) {
    if (Date.now() >= deadline) throw new OperatorError(`${baseUrl} does not answer.`);
    await sleep(READY_PAUSE_MS);
  }
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
