import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

/** Blocks until the supervisor's end of the pipe is gone, however it died, then ends the child's process group. */
const GUARD = 'read -r _; kill -s KILL -- "-$1"';

export interface GuardedChild {
  readonly process: ChildProcess;
  /** Resolves, never rejects: `exit code 1`, `signal SIGSEGV`, `spawn … ENOENT`. */
  readonly ended: Promise<string>;
  /** SIGTERM, and SIGKILL to its whole group when it has not ended in time. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Starts a program that cannot outlive this process, not even after kill -9. It gets a process group of its own, so
 * that Ctrl-C in a terminal reaches this process only, which then ends its children in order.
 */
export function spawnGuarded(command: string, args: readonly string[], options: SpawnOptions): GuardedChild {
  const child = spawn(command, args, { ...options, detached: true });
  const guard = spawn("sh", ["-c", GUARD, "guard", String(child.pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  });
  ended.then(() => guard.kill("SIGKILL"));
  return {
    process: child,
    ended,
    async stop(graceMs) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const timer = setTimeout(() => killGroup(child), graceMs);
      child.kill("SIGTERM");
      await ended;
      clearTimeout(timer);
      killGroup(child);
    },
  };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group has already ended.
  }
}
