import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Client, createClient } from "@libsql/client";
import { drizzle } from "drizzle-orm/libsql";
import { migrate } from "drizzle-orm/libsql/migrator";
import { OperatorError, runCommand } from "./runtime/operator-error.ts";

const MIGRATIONS = fileURLToPath(new URL("../drizzle", import.meta.url));
const REACH_TIMEOUT_MS = 15_000;
const REACH_PAUSE_MS = 300;

export interface DatabaseAddress {
  /** `http(s)://…` or `libsql://…`. */
  readonly url: string;
  readonly authToken?: string | undefined;
}

/**
 * Brings the platform's tables to the newest migration; does nothing when they are there. Waits a bounded time for a
 * server that is still starting. Throws OperatorError.
 */
export async function migrateDatabase({ url, authToken }: DatabaseAddress): Promise<void> {
  const client = openClient({ url, authToken });
  try {
    await waitUntilReachable(url, () => client.execute("SELECT 1"));
    await migrate(drizzle(client), { migrationsFolder: MIGRATIONS });
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw new OperatorError(`Migrating the database at ${url} failed: ${rootMessage(error)}`);
  } finally {
    client.close();
  }
}

function openClient({ url, authToken }: DatabaseAddress): Client {
  try {
    if (/^(?:libsql|https?|file):\/\/./.test(url))
      return createClient(authToken ? { url, authToken } : { url });
  } catch {
    // Not an address for libSQL's client either: said below.
  }
  throw new OperatorError(`LIBSQL_URL must be libsql://…, https://… or http://…, not '${url}'.`);
}

async function waitUntilReachable(url: string, ping: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + REACH_TIMEOUT_MS;
  for (;;) {
    try {
      await ping();
      return;
    } catch (error) {
      const message = rootMessage(error);
      if (/\b40[13]\b/.test(message)) {
        throw new OperatorError(`The database at ${url} refuses the token: check LIBSQL_AUTH_TOKEN.`);
      }
      if (Date.now() >= deadline) throw new OperatorError(`Cannot reach the database at ${url}: ${message}`);
      await sleep(REACH_PAUSE_MS);
    }
  }
}

function rootMessage(error: unknown): string {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  return root instanceof Error ? root.message : String(root);
}

async function main(): Promise<void> {
  const { LIBSQL_URL: url, LIBSQL_AUTH_TOKEN: authToken } = process.env;
  if (!url) {
    throw new OperatorError("Set LIBSQL_URL (and LIBSQL_AUTH_TOKEN) to the database that is to be migrated.");
  }
  await migrateDatabase({ url, authToken });
  console.log("The database is up to date.");
}

if (import.meta.main) await runCommand(main);
