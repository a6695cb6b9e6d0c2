import type { LocalDatabase } from "./libsql/step.ts";
import type { KeptBudgets } from "./model/kept-bytes.ts";
import type { RateBindings } from "./rates/rate-limiter.ts";
import type { TrustedIssuer } from "./tokens/verify-token.ts";
import { parseVariables } from "./variables.ts";
import type { WebhookSettings } from "./webhooks/settings.ts";

/** Bindings and variables of a deployment, as in wrangler.toml. */
export interface Bindings extends RateBindings {
  readonly API_KEYS: KVNamespace;
  readonly LIBSQL_URL: string;
  readonly LIBSQL_AUTH_TOKEN?: string;
  readonly LIBSQL_STREAMS?: string;
  readonly MAX_OUTBOX_MIB?: string;
  readonly MAX_IDEMPOTENCY_MIB?: string;
  /** The database of a runtime that has one in its own process. */
  readonly DATABASE?: LocalDatabase;
  /** Resolves when a large body may be parsed or made, where all requests share one thread. */
  readonly WAIT_FOR_TURN?: () => Promise<void>;
  readonly ADMIN_TOKEN?: string;
  readonly ADMIN_ISSUER?: string;
  readonly ADMIN_AUDIENCE?: string;
  readonly CLIENT_ADDRESS_HEADER?: string;
  readonly TRUSTED_PROXIES?: string;
  readonly LOG_REQUESTS?: string;
  readonly TOKEN_SECRET_KEY?: string;
  readonly WEBHOOK_SECRET_KEY?: string;
  readonly ALLOW_HTTP_WEBHOOKS?: string;
  readonly ALLOW_PRIVATE_WEBHOOKS?: string;
  /** The network for webhooks without private addresses, if the runtime offers one. */
  readonly WEBHOOK_NETWORK?: Fetcher;
}

export interface Settings {
  /** `http(s)://…` without a trailing slash; empty if the runtime provides the database. */
  readonly databaseUrl: string;
  readonly databaseToken: string | undefined;
  /** How many streams an isolate keeps open; 0 for none. */
  readonly databaseStreams: number;
  /** The budgets of each workspace in addition to its records. */
  readonly budgets: KeptBudgets;
  /** Undefined if there is no admin token. */
  readonly adminToken: string | undefined;
  /** Where administrators sign in; undefined if nowhere. */
  readonly adminIssuer: TrustedIssuer | undefined;
  /** The header in which a trusted proxy in front of the Worker names the client. */
  readonly clientAddressHeader: string | undefined;
  /** Addresses and ranges of proxies to skip in that header. */
  readonly trustedProxies: readonly string[];
  /** Whether each request writes a log line. */
  readonly logsRequests: boolean;
  readonly webhooks: WebhookSettings;
  /** Signs user tokens. If undefined, none can be minted and none is valid. */
  readonly tokenSecretKey: string | undefined;
}

const parsed = new WeakMap<Bindings, Settings>();

/** Parsed once per isolate. Throws if the deployment is configured wrongly; the message is for its owner only. */
export function settingsOf(bindings: Bindings): Settings {
  const known = parsed.get(bindings);
  if (known) return known;
  const variables = parseVariables(bindings);
  const settings: Settings = {
    databaseUrl: variables.LIBSQL_URL.replace(/^libsql:/, "https:").replace(/\/+$/, ""),
    databaseToken: variables.LIBSQL_AUTH_TOKEN,
    databaseStreams: variables.LIBSQL_STREAMS,
    budgets: {
      outboxBytes: variables.MAX_OUTBOX_MIB,
      idempotencyBytes: variables.MAX_IDEMPOTENCY_MIB,
    },
    adminToken: variables.ADMIN_TOKEN,
    adminIssuer: adminIssuerOf(variables.ADMIN_ISSUER, variables.ADMIN_AUDIENCE),
    clientAddressHeader: variables.CLIENT_ADDRESS_HEADER,
    trustedProxies: variables.TRUSTED_PROXIES,
    logsRequests: variables.LOG_REQUESTS,
    tokenSecretKey: variables.TOKEN_SECRET_KEY,
    webhooks: {
      secretKey: variables.WEBHOOK_SECRET_KEY,
      policy: { allowsHttp: variables.ALLOW_HTTP_WEBHOOKS, allowsPrivate: variables.ALLOW_PRIVATE_WEBHOOKS },
      network: bindings.WEBHOOK_NETWORK,
    },
  };
  parsed.set(bindings, settings);
  return settings;
}

/** Cloudflare Access has its keys at its own path. */
function adminIssuerOf(issuer: string | undefined, audience: string | undefined): TrustedIssuer | undefined {
  if (issuer === undefined || audience === undefined) return undefined;
  const isAccess = new URL(issuer).hostname.endsWith(".cloudflareaccess.com");
  return { issuer, audience, ...(isAccess && { jwksUrl: `${issuer}/cdn-cgi/access/certs` }) };
}
