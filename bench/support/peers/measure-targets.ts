import { join } from "node:path";
import { isWrite, type OperationName, verifyOperation } from "./operations.ts";
import { usageOf } from "./process-tree.ts";
import { runWrk, type WrkRound, writeScript } from "./run-wrk.ts";
import { ROUNDS, SECONDS, WARM_UP_SECONDS } from "./settings.ts";
import type { Target } from "./target.ts";

const MS_PER_SECOND = 1_000;

export interface RunningTarget {
  readonly target: Target;
  /** Processes whose time and memory count for the target. */
  readonly processes: readonly number[];
}

export interface MeasuredRound extends WrkRound {
  /** CPU milliseconds per request of the target's processes. */
  readonly cpuMsPerRequest: number;
  readonly residentBytes: number;
}

export interface MeasuredTarget {
  readonly name: string;
  /** In the order they ran; empty when the target could not be measured. */
  readonly rounds: readonly MeasuredRound[];
  /** Why there are no rounds. */
  readonly absence?: string;
}

export interface MeasuredOperation {
  readonly operation: OperationName;
  readonly connections: number;
  readonly targets: readonly MeasuredTarget[];
}

interface Lane extends RunningTarget {
  readonly script: string;
  readonly rounds: MeasuredRound[];
}

/**
 * Measures all targets in turn, round by round, after checking each. A target with a wrong response is left out and
 * reported.
 */
export async function measureOperation(
  running: readonly RunningTarget[],
  { operation, connections, directory }: { operation: OperationName; connections: number; directory: string },
): Promise<MeasuredOperation> {
  const absences = new Map<string, string>();
  const lanes: Lane[] = [];
  for (const { target, processes } of running) {
    try {
      const found = await verifyOperation(target, operation, connections);
      if (!found) {
        absences.set(target.name, "not offered");
        continue;
      }
      const script = join(directory, `load-${lanes.length}.lua`);
      writeScript(script, target, found.requests);
      lanes.push({ target, processes, script, rounds: [] });
    } catch (error) {
      absences.set(target.name, `answers wrongly: ${(error as Error).message}`);
    }
  }
  const what = `${operation}, ${connections} connections`;
  // Writes are warmed up for a second only, because their tables must be fresh.
  const warmUp = isWrite(operation) ? Math.min(1, WARM_UP_SECONDS) : WARM_UP_SECONDS;
  if (warmUp > 0) for (const lane of lanes) await runRound(lane, connections, warmUp);
  for (let round = 0; round < ROUNDS; round++) {
    for (const lane of lanes) {
      const measured = await runRound(lane, connections, SECONDS);
      lane.rounds.push(measured);
      console.log(
        `${what}, round ${round + 1}, ${lane.target.name}: ${Math.round(measured.requestsPerSecond)} requests/s`,
      );
    }
  }
  const rounds = new Map(lanes.map(({ target, rounds }) => [target.name, rounds]));
  const targets = running.map(({ target: { name } }) => {
    const absence = absences.get(name);
    return { name, rounds: rounds.get(name) ?? [], ...(absence && { absence }) };
  });
  return { operation, connections, targets };
}

async function runRound(lane: Lane, connections: number, seconds: number): Promise<MeasuredRound> {
  const before = usageOf(lane.processes);
  const round = await runWrk({ script: lane.script, baseUrl: lane.target.baseUrl, connections, seconds });
  const after = usageOf(lane.processes);
  const cpuMs = (after.cpuSeconds - before.cpuSeconds) * MS_PER_SECOND;
  return {
    ...round,
    cpuMsPerRequest: round.requests === 0 ? 0 : cpuMs / round.requests,
    residentBytes: after.residentBytes,
  };
}
