import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/* Linux only: the resources of a target's processes, from /proc. */

const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"]));
const PAGE_BYTES = Number(execFileSync("getconf", ["PAGE_SIZE"]));
const PARENT = 1;
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;
const RESIDENT_PAGES = 21;

interface ProcessStat {
  readonly id: number;
  readonly parent: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

export interface Usage {
  readonly cpuSeconds: number;
  /** Resident memory; pages that processes share are counted in each. */
  readonly residentBytes: number;
}

/** Processes that this one has started and that still run. */
export function childProcesses(): ReadonlySet<number> {
  return new Set(
    readProcesses()
      .filter(({ parent }) => parent === process.pid)
      .map(({ id }) => id),
  );
}

/** The sum over the processes and all that they have started. */
export function usageOf(roots: Iterable<number>): Usage {
  const all = readProcesses();
  const wanted = new Set(roots);
  for (let size = 0; size !== wanted.size; ) {
    size = wanted.size;
    for (const { id, parent } of all) if (wanted.has(parent)) wanted.add(id);
  }
  const found = all.filter(({ id }) => wanted.has(id));
  return {
    cpuSeconds: found.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    residentBytes: found.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
  };
}

function readProcesses(): readonly ProcessStat[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
}

/** Undefined when the process has just ended. */
function readProcess(id: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${id}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The second field is the program's name in brackets, which may contain anything. Counting starts behind it.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (index: number) => Number(fields[index]);
  return {
    id,
    parent: field(PARENT),
    cpuSeconds: (field(USER_TICKS) + field(SYSTEM_TICKS)) / TICKS_PER_SECOND,
    residentBytes: field(RESIDENT_PAGES) * PAGE_BYTES,
  };
}

/** What a directory takes on disk. */
export function directoryBytes(directory: string): number {
  return Number(execFileSync("du", ["-sb", directory], { encoding: "utf8" }).split("\t")[0]);
}
