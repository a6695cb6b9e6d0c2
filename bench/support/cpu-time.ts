import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const NANOS_PER_MILLI = 1e6;

/** CPU time of all threads of a process, in milliseconds. Linux's scheduler counts it in nanoseconds. */
export function cpuMillisOf(pid: number): number {
  const threads = `/proc/${pid}/task`;
  const nanos = readdirSync(threads).map((thread) => {
    const [running = "0"] = readFileSync(`${threads}/${thread}/schedstat`, "utf8").split(" ");
    return Number(running);
  });
  return nanos.reduce((sum, each) => sum + each, 0) / NANOS_PER_MILLI;
}

/** The only workerd that this process has started. Throws if there are none, or more. */
export function findWorkerd(): number {
  const table = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" });
  const found = table
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, command = ""]) => Number(parent) === process.pid && command.endsWith("workerd"));
  const [[pid] = []] = found;
  if (found.length !== 1 || !pid) throw new Error(`${found.length} workerd processes`);
  return Number(pid);
}
