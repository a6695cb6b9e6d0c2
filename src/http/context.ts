import type { Context } from "hono";
import { Platform } from "../db/platform.ts";
import { type Bindings, settingsOf } from "../env.ts";
import type { AppError } from "../errors/app-error.ts";
import type { Identity } from "../fence/fence-context.ts";
import { openAdminKeyStore } from "../kv/admin-key-store.ts";
import { openApiKeyStore } from "../kv/api-key-store.ts";
import { openKeySetStore } from "../kv/key-set-store.ts";
import { currentTime } from "../lib/clock.ts";
import { createDatabase } from "../libsql/database.ts";
import { KeptStreams } from "../libsql/kept-streams.ts";
import { openHttpDatabase, type Queueing } from "../libsql/open-http-database.ts";
import type { Requester } from "../libsql/step.ts";
import { Turns } from "../libsql/turns.ts";
import type { Actor } from "../model/actor.ts";
import type { WorkspaceAddress } from "../model/workspace.ts";
import { openRateLimiter } from "../rates/rate-limiter.ts";
import type { ServiceContext, WorkspaceContext } from "../services/context.ts";
import { KeySets } from "../tokens/key-sets.ts";
import type { AdminSession } from "./request/authenticate-admin.ts";

export interface AppEnv {
  Bindings: Bindings;
  Variables: {
    requestId: string;
    services: ServiceContext;
    /** The pattern of the matched route, such as `/api/v1/:organization/:workspace/:entity`; `/*` before a match. */
    route: string;
    /** Headers of any response. */
    headers: Record<string, string>;
    /** Set by the guard of the route. */
    actor: Actor;
    /** Set by the guard of a workspace for callers that its issuers and roles identify. */
    identity: Identity | undefined;
    /** Set by the guard of the admin API, except for the admin token. */
    admin: AdminSession | undefined;
    /** Set once the body was read: its bytes, or the error of a body that cannot be read. */
    body: Uint8Array | AppError | undefined;
    /** Milliseconds spent on authentication. */
    authMs: number;
    /** Whether the response comes from a cache, where the response says so. */
    isCached?: boolean;
  };
}

export type AppContext = Context<AppEnv>;

/** The client that waits for the response. */
interface Client {
  /** Undefined if nobody waits. */
  readonly requester?: Requester;
  address(): string | undefined;
}

const nobody: Client = { address: () => undefined };

/** Opens the services for a client's request, or for background work. */
export function openServices(bindings: Bindings, requestId: string, client = nobody): ServiceContext {
  const { databaseUrl: url, databaseToken: authToken } = settingsOf(bindings);
  const { streams, turns, writers, ...services } = lastingServicesOf(bindings);
  const { DATABASE } = bindings;
  const database = DATABASE
    ? createDatabase(DATABASE.stepsFor(client.requester))
    : openHttpDatabase(
        { url, authToken, requestId },
        streams,
        queueingOf({ turns, writers }, client.requester),
      );
  return {
    ...services,
    database,
    platform: new Platform(database),
    meter: {},
    requestId,
    clientAddress: client.address,
    now: currentTime(),
  };
}

interface LastingServices
  extends Pick<
    ServiceContext,
    "apiKeys" | "adminKeys" | "rates" | "webhooks" | "tokenSecretKey" | "keySets"
  > {
  readonly streams: KeptStreams;
  readonly turns: Turns;
  readonly writers: Turns;
}

/** Database requests that one key or token may have at once, or the number of streams if that is larger. */
const PRINCIPAL_TURNS = 16;

/** Writes that an isolate sends at once. A server does one at a time, and `sqld` may block if many wait for long. */
const WRITERS = 8;
const ALL = "all";

/** Work that nobody waits for has no principal: only its writes wait for a turn. */
function queueingOf(
  { turns, writers }: Pick<LastingServices, "turns" | "writers">,
  requester: Requester | undefined,
): Queueing {
  return {
    client: requester?.request.signal,
    isWriteWaiting: () => writers.isWaiting(ALL),
    async takeTurn({ isWrite, timeoutMs }, ends) {
      if (requester) await turns.take(requester.principal(), timeoutMs, ends);
      if (isWrite) await writers.take(ALL, timeoutMs, ends);
    },
  };
}

/** Services shared by all requests of an isolate. */
const lasting = new WeakMap<Bindings, LastingServices>();

function lastingServicesOf(bindings: Bindings): LastingServices {
  const known = lasting.get(bindings);
  if (known) return known;
  const services: LastingServices = {
    apiKeys: openApiKeyStore(bindings.API_KEYS),
    adminKeys: openAdminKeyStore(bindings.API_KEYS),
    rates: openRateLimiter(bindings),
    webhooks: settingsOf(bindings).webhooks,
    tokenSecretKey: settingsOf(bindings).tokenSecretKey,
    keySets: new KeySets(settingsOf(bindings).webhooks, openKeySetStore(bindings.API_KEYS)),
    streams: new KeptStreams(settingsOf(bindings).databaseStreams),
    turns: new Turns(Math.max(PRINCIPAL_TURNS, settingsOf(bindings).databaseStreams)),
    writers: new Turns(WRITERS),
  };
  lasting.set(bindings, services);
  return services;
}

/** A path parameter of the matched route, percent-decoded. */
export function pathParameter(c: AppContext, name: string): string {
  return c.req.param(name) ?? "";
}

export const addressOf = (c: AppContext): WorkspaceAddress => ({
  organization: pathParameter(c, "organization"),
  workspace: pathParameter(c, "workspace"),
});

export function workspaceContext(c: AppContext): WorkspaceContext {
  const identity: Identity | undefined = c.get("identity");
  return { ...c.get("services"), actor: c.get("actor"), identity, address: addressOf(c) };
}
