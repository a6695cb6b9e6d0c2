import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { pause } from "../../../src/lib/clock.ts";
import { diskMib, openDescriptors, residentMib } from "../process-usage.ts";
import type { AttackedServer } from "./attack-target.ts";
import { type Felt, getUntil } from "./quiet-client.ts";
import { shoot } from "./shoot.ts";

const ATTACKER = fileURLToPath(new URL("attacker.ts", import.meta.url));
const SAMPLE_EVERY_MS = 100;
const ASK_EVERY_MS = 50;
const BACK_PATIENCE_MS = 30_000;
/** After the attack, until what it has left is measured. */
const REST_MS = 5_000;

export type Outcomes = Readonly<Record<string, number>>;

export interface Usage {
  readonly before: number;
  readonly most: number;
  readonly after: number;
}

export interface AttackReport {
  /** The responses to the attacker. */
  readonly outcomes: Outcomes;
  /** A client of the other workspace, on one connection and with a new one for each request. */
  readonly kept: Felt;
  readonly fresh: Felt;
  /** How long the server needed to be back. */
  readonly elapsedSeconds: number;
  readonly memoryMib: Usage;
  readonly descriptors: Usage;
  readonly diskMib: Usage;
  /** Milliseconds from the end of the attack until the attacker's address is served; undefined: not within 30 s. */
  readonly backAfterMs: number | undefined;
}

/**
 * Lets another process attack the server while a client of the other workspace sends requests. Without a name, only the
 * client runs.
 */
export async function runAttack(
  { pid, directory, baseUrl, target, quiet }: AttackedServer,
  name: string | undefined,
  { seconds, restMs = REST_MS }: { readonly seconds: number; readonly restMs?: number },
): Promise<AttackReport> {
  const start = performance.now();
  const over = new AbortController();
  const url = `${baseUrl}${quiet.path}/Note/1`;
  const others = [true, false].map((keepAlive) => getUntil(over.signal, url, { key: quiet.key, keepAlive }));
  const memory = watch(() => residentMib(pid));
  const descriptors = watch(() => openDescriptors(pid));
  const disk = watch(() => diskMib(directory));
  const outcomes = name === undefined ? {} : await attack(name, seconds, JSON.stringify(target));
  if (name === undefined) await pause(seconds * 1000);
  const backAfterMs = await waitUntilServed(target.port);
  over.abort();
  const [kept, fresh] = await Promise.all(others);
  if (!kept || !fresh) throw new Error("no client");
  const elapsedSeconds = (performance.now() - start) / 1000;
  await pause(restMs);
  return {
    outcomes,
    kept,
    fresh,
    elapsedSeconds,
    memoryMib: memory.end(),
    descriptors: descriptors.end(),
    diskMib: disk.end(),
    backAfterMs,
  };
}

async function attack(name: string, seconds: number, target: string): Promise<Outcomes> {
  const attacker = fork(ATTACKER, [name, String(seconds), target], { execArgv: [] });
  const outcomes = once(attacker, "message");
  await once(attacker, "exit");
  return (await outcomes)[0] as Outcomes;
}

/** Samples a figure until its end. */
function watch(measure: () => number): { end(): Usage } {
  const before = measure();
  let most = before;
  const sampling = setInterval(() => {
    most = Math.max(most, measure());
  }, SAMPLE_EVERY_MS);
  return {
    end() {
      clearInterval(sampling);
      return { before, most, after: measure() };
    },
  };
}

async function waitUntilServed(port: number): Promise<number | undefined> {
  const start = performance.now();
  while (performance.now() - start < BACK_PATIENCE_MS) {
    const { outcome } = await shoot(port, { path: "/healthz" });
    if (outcome === "200") return Math.round(performance.now() - start);
    await pause(ASK_EVERY_MS);
  }
  return undefined;
}
