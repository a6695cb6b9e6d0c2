import type { Context } from "hono";
import { Platform } from "../db/platform.ts";
import { type Bindings, settingsOf } from "../env.ts";
import type { AppError } from "../errors/app-error.ts";
import { openApiKeyStore } from "../kv/api-key-store.ts";
import { currentTime } from "../lib/clock.ts";
import { openHttpDatabase } from "../libsql/open-http-database.ts";
import type { Actor } from "../model/api-key.ts";
import { openRateLimiter } from "../rates/rate-limiter.ts";
import type { ServiceContext, WorkspaceContext } from "../services/context.ts";

export interface AppEnv {
  Bindings: Bindings;
  Variables: {
    requestId: string;
    services: ServiceContext;
    /** Of the answer, whatever it will be. */
    headers: Record<string, string>;
    /** Set by those who authenticate. */
    actor: Actor;
    /** Set once the body has been read: its bytes, or why there are none. */
    body: Uint8Array | AppError | undefined;
    /** Milliseconds that authentication took. */
    authMs: number;
  };
}

export type AppContext = Context<AppEnv>;

const noAddress = () => undefined;

/** Of a request from an address, or of work that nobody has asked for. */
export function openServices(
  bindings: Bindings,
  requestId: string,
  clientAddress: ServiceContext["clientAddress"] = noAddress,
): ServiceContext {
  const { databaseUrl: url, databaseToken: authToken } = settingsOf(bindings);
  const database = openHttpDatabase({ url, authToken, requestId });
  return {
    ...lastingServicesOf(bindings),
    database,
    platform: new Platform(database),
    meter: {},
    requestId,
    clientAddress,
    now: currentTime(),
  };
}

type LastingServices = Pick<ServiceContext, "apiKeys" | "rates" | "webhooks">;

/** What is the same for every request of an isolate. */
const lasting = new WeakMap<Bindings, LastingServices>();

function lastingServicesOf(bindings: Bindings): LastingServices {
  const known = lasting.get(bindings);
  if (known) return known;
  const services: LastingServices = {
    apiKeys: openApiKeyStore(bindings.API_KEYS),
    rates: openRateLimiter(bindings),
    webhooks: settingsOf(bindings).webhooks,
  };
  lasting.set(bindings, services);
  return services;
}

/** A path parameter of the matched route, percent-decoded. */
export function pathParameter(c: AppContext, name: string): string {
  return c.req.param(name) ?? "";
}

export function workspaceContext(c: AppContext): WorkspaceContext {
  const address = {
    organization: pathParameter(c, "organization"),
    workspace: pathParameter(c, "workspace"),
  };
  return { ...c.get("services"), actor: c.get("actor"), address };
}
