import { readdirSync, readFileSync } from "node:fs";

/** Returns the resident memory of a process, in MiB. */
export function residentMib(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

/** Counts the files and sockets that a process has open. */
export const openDescriptors = (pid: number | undefined): number => readdirSync(`/proc/${pid}/fd`).length;
