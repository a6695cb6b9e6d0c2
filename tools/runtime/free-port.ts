import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError } from "./operator-error.ts";

const RETRY_PAUSE_MS = 100;

/** Whether nothing listens on the port of 127.0.0.1. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

/**
 * Throws OperatorError when the port is taken. `patienceMs`: how long to wait for it, for the moment in which
 * the children of a killed server are still ending.
 */
export async function requireFreePort(port: number, patienceMs: number): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await isPortFree(port))) {
    if (Date.now() >= deadline) {
      throw new OperatorError(
        `Port ${port} is already in use: stop what listens there, or choose another, for example PORT=${port + 1}.`,
      );
    }
    await sleep(RETRY_PAUSE_MS);
  }
}

/** The port in PORT, or the default. Throws OperatorError when it is not one. */
export function readPort(text: string | undefined, fallback: number): number {
  if (!text) return fallback;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new OperatorError(`PORT must be a number from 1 to 65535, not '${text}'.`);
}
