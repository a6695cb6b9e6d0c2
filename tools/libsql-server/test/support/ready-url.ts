import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

/** Where the server that `main.ts` has started listens, once it does; `onLine` sees the lines until then. Throws when it ends before. */
export async function readReadyUrl(
  { stdout }: ChildProcess,
  onLine?: (line: string) => void,
): Promise<string> {
  if (!stdout) throw new Error("the child has no standard output");
  for await (const line of createInterface({ input: stdout })) {
    onLine?.(line);
    const url = /^Ready on (http:\/\/127\.0\.0\.1:\d+)$/.exec(line)?.[1];
    if (url) return url;
  }
  throw new Error("the child ended without getting ready");
}
