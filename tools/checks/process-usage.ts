import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Returns the resident memory of a process, in MiB. */
export function residentMib(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

/** Counts the files and sockets that a process has open. */
export const openDescriptors = (pid: number | undefined): number => readdirSync(`/proc/${pid}/fd`).length;

/** Returns the size of the files in a directory, in MiB. */
export function diskMib(directory: string): number {
  const bytes = readdirSync(directory).map(
    (name) => statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0,
  );
  return Math.round(bytes.reduce((sum, size) => sum + size, 0) / 1024 / 1024);
}
