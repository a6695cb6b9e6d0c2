import { readNumber, readSetting } from "../publish-results.ts";

/* How the bench is run, from the environment; see bench/README.md. */

const words = (text: string) =>
  text
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);

/** Undefined when nothing is named. */
function wordsOf(name: string): readonly string[] | undefined {
  const text = readSetting(name, "");
  return text === "" ? undefined : words(text);
}

export const ROUNDS = readNumber("ROUNDS", 3);
export const SECONDS = readNumber("SECONDS", 2);
export const WARM_UP_SECONDS = readNumber("WARM_UP_SECONDS", 1);
export const CONNECTIONS: readonly number[] = words(readSetting("CONNECTIONS", "1,32")).map(Number);
/** Names of peers; undefined means all, `none` leaves only ours and the hand-written Worker. */
export const PEERS = wordsOf("PEERS");
/** Parts of names of operations; undefined means all. */
export const OPERATIONS_WANTED = wordsOf("OPERATIONS");
/** `true` makes the hand-written Worker ask KV each time. */
export const KV_EVERY_TIME = readSetting("KV_EVERY_TIME", "false");
/** A libSQL server with an empty database, in place of the embedded one. Its token is LIBSQL_AUTH_TOKEN. */
export const LIBSQL_URL = readSetting("LIBSQL_URL", "");
/** Connections over which writes are measured. Many writers can block a libSQL server for good (src/libsql/README.md). */
export const MAX_WRITERS = LIBSQL_URL ? 1 : Number.POSITIVE_INFINITY;
