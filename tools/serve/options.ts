import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { DEFAULT_KEPT_MIB } from "../../src/model/kept-bytes.ts";
import { readPort } from "../runtime/free-port.ts";
import { OperatorError } from "../runtime/operator-error.ts";
import { type BoundSettings, defaultConnections } from "./connection-bounds.ts";
import type { SyncMode } from "./engine/engine.ts";

const DEFAULT_PORT = 8787;
const DEFAULT_HOST = "127.0.0.1";
const MIN_TOKEN_LENGTH = 32;
const FEWEST_READERS = 2;
const MOST_READERS = 8;
/** An address may open as many connections as if there were so many addresses. */
const ADDRESSES = 4;
const UNREAD_MIB = 128;
const UNKNOWN_KEY_RATE = 600;

export const USAGE = `Usage: npm run serve [-- --check | --help]

Serves the API on this machine. Settings are environment variables:
  HOST                       address to listen on (${DEFAULT_HOST})
  PORT                       port to listen on (${DEFAULT_PORT})
  DATA_DIR                   directory of the database and the secrets (.data/serve)
  ADMIN_TOKEN                token of the admin API, at least ${MIN_TOKEN_LENGTH} characters (made by the first start)
  WEBHOOK_SECRET_KEY         encrypts webhook secrets, at least 32 characters (made by the first start)
  LIBSQL_URL                 a libSQL server instead of the embedded database; LIBSQL_AUTH_TOKEN is its token
  SYNC                       full: an answered write survives a power cut; normal: it survives kill -9 (full)
  READERS                    threads of reads that may take long (number of cores, ${FEWEST_READERS} to ${MOST_READERS})
  MAX_CONNECTIONS            open connections (half of the files that the process may open)
  MAX_CONNECTIONS_PER_ADDRESS  open connections from one address (a quarter of MAX_CONNECTIONS; all of them behind a proxy)
  MAX_UNREAD_MIB             response bytes that clients have not read yet (${UNREAD_MIB})
  UNKNOWN_KEY_RATE           requests a minute without a known key from one address (${UNKNOWN_KEY_RATE})
  MAX_OUTBOX_MIB             webhook events that a workspace keeps (${DEFAULT_KEPT_MIB})
  MAX_IDEMPOTENCY_MIB        responses that a workspace keeps for Idempotency-Keys (${DEFAULT_KEPT_MIB})
  CLIENT_ADDRESS_HEADER      header in which a proxy names the client
  TRUSTED_PROXIES            proxies that append to that header, as addresses or CIDR ranges
  LOG_REQUESTS               false: no line for each request
  ALLOW_HTTP_WEBHOOKS        true: webhooks may go to http URLs
  ALLOW_PRIVATE_WEBHOOKS     true: webhooks may go to private addresses
  SEED                       demo: makes a demo workspace

  --check    checks the settings, the data directory and the database, and ends
  --help     shows this text`;

export interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly dataDirectory: string;
  readonly isSeeded: boolean;
  readonly sync: SyncMode;
  readonly readers: number;
  readonly bounds: BoundSettings;
  /** Requests a minute without a known key from one address. */
  readonly unknownKeyRate: number;
}

/** Reads the settings of the host. Throws OperatorError. */
export function readOptions(env: NodeJS.ProcessEnv, root: string): ServeOptions {
  const readers = Math.min(MOST_READERS, Math.max(FEWEST_READERS, availableParallelism()));
  return {
    host: env.HOST || DEFAULT_HOST,
    port: readPort(env.PORT, DEFAULT_PORT),
    dataDirectory: resolve(env.DATA_DIR || join(root, ".data/serve")),
    isSeeded: readChoice("SEED", env.SEED, ["demo"]) === "demo",
    sync: readChoice("SYNC", env.SYNC, ["full", "normal"]) ?? "full",
    readers: readCount("READERS", env.READERS) ?? readers,
    bounds: readBounds(env),
    unknownKeyRate: readCount("UNKNOWN_KEY_RATE", env.UNKNOWN_KEY_RATE) ?? UNKNOWN_KEY_RATE,
  };
}

function readBounds(env: NodeJS.ProcessEnv): BoundSettings {
  const connections = readCount("MAX_CONNECTIONS", env.MAX_CONNECTIONS) ?? defaultConnections();
  const ofAddress = env.CLIENT_ADDRESS_HEADER ? connections : Math.ceil(connections / ADDRESSES);
  return {
    connections,
    perAddress: readCount("MAX_CONNECTIONS_PER_ADDRESS", env.MAX_CONNECTIONS_PER_ADDRESS) ?? ofAddress,
    unreadBytes: (readCount("MAX_UNREAD_MIB", env.MAX_UNREAD_MIB) ?? UNREAD_MIB) * 1024 * 1024,
  };
}

function readChoice<T extends string>(
  name: string,
  text: string | undefined,
  choices: readonly T[],
): T | undefined {
  if (!text) return undefined;
  const choice = choices.find((each) => each === text);
  if (choice) return choice;
  throw new OperatorError(
    `${name} must be ${choices.map((each) => `'${each}'`).join(" or ")}, not '${text}'.`,
  );
}

function readCount(name: string, text: string | undefined): number | undefined {
  if (!text) return undefined;
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new OperatorError(`${name} must be a whole number above 0, not '${text}'.`);
}
