import { currentMillis } from "../../../src/lib/clock.ts";
import { HranaError } from "../../libsql-server/hrana/errors.ts";

/** The error of a statement that did not start because its client has gone or its time is over. */
export const interrupted = (): HranaError => new HranaError("SQLITE_INTERRUPT", "SQLite error: interrupted");

const AGAIN_MS = 20;

/**
 * Interrupts the statement that runs elsewhere on a connection, at the deadline or when the client is gone. Repeats that
 * until the returned function is called, because an interrupt has no effect before the statement has started on its
 * thread.
 */
export function interruptWhenDue(
  connection: { interrupt(): void },
  { deadline, signal }: { readonly deadline: number; readonly signal: AbortSignal | undefined },
): () => void {
  const interrupt = () => {
    connection.interrupt();
    clearTimeout(timer);
    timer = setTimeout(interrupt, AGAIN_MS);
  };
  let timer = setTimeout(interrupt, deadline - currentMillis());
  signal?.addEventListener("abort", interrupt, { once: true });
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", interrupt);
  };
}
