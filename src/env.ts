import * as z from "zod";
import type { RateBindings } from "./rates/rate-limiter.ts";

/** Bindings and variables of a deployment, as in wrangler.toml. */
export interface Bindings extends RateBindings {
  readonly API_KEYS: KVNamespace;
  readonly LIBSQL_URL: string;
  readonly LIBSQL_AUTH_TOKEN?: string;
  readonly ADMIN_TOKEN?: string;
  readonly CLIENT_ADDRESS_HEADER?: string;
}

export interface Settings {
  /** `http(s)://…`, without a slash at the end. */
  readonly databaseUrl: string;
  readonly databaseToken: string | undefined;
  /** Undefined: every admin request is refused. */
  readonly adminToken: string | undefined;
  /** The header in which a trusted proxy in front of the Worker names the client. */
  readonly clientAddressHeader: string | undefined;
}

const optional = z
  .string()
  .optional()
  .transform((text) => text || undefined);

const settingsSchema = z.object({
  LIBSQL_URL: z
    .string()
    .regex(/^(?:https?|libsql):\/\/./, "LIBSQL_URL must be http://…, https://… or libsql://…"),
  LIBSQL_AUTH_TOKEN: optional,
  ADMIN_TOKEN: optional,
  CLIENT_ADDRESS_HEADER: optional,
});

const parsed = new WeakMap<Bindings, Settings>();

/** Parsed once an isolate. Throws when the deployment is configured wrongly; the message is for its owner only. */
export function settingsOf(bindings: Bindings): Settings {
  const known = parsed.get(bindings);
  if (known) return known;
  const variables = settingsSchema.parse(bindings);
  const settings: Settings = {
    databaseUrl: variables.LIBSQL_URL.replace(/^libsql:/, "https:").replace(/\/+$/, ""),
    databaseToken: variables.LIBSQL_AUTH_TOKEN,
    adminToken: variables.ADMIN_TOKEN,
    clientAddressHeader: variables.CLIENT_ADDRESS_HEADER,
  };
  parsed.set(bindings, settings);
  return settings;
}
