import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { HEAP_FLAGS } from "../../../tools/runtime/memory-settings.ts";

export interface WorkerdConfig {
  readonly port: number;
  /** Path of the Unix socket on which the supervisor triggers `scheduled`. */
  readonly cronSocket: string;
  readonly kvDirectory: string;
  /** Names only. The values are read from workerd's environment, so that no secret is written to a file. */
  readonly variables: readonly string[];
  /** Whether webhooks may reach private addresses. Otherwise workerd refuses them, whatever a name resolves to. */
  readonly allowsPrivateWebhooks: boolean;
}

/** The text of a workerd configuration (Cap'n Proto) for the files that buildWorker made beside it. */
export function writeWorkerdConfig(config: WorkerdConfig): string {
  const variables = config.variables.map(
    (name) => `(name = ${quote(name)}, fromEnvironment = ${quote(name)})`,
  );
  const { date, flags } = readCompatibility();
  const webhookNetwork = config.allowsPrivateWebhooks ? '"public", "private"' : '"public"';
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  v8Flags = [${HEAP_FLAGS.map(quote).join(", ")}],
  services = [
    (name = "main", worker = .worker),
    (name = "kv", disk = (path = ${quote(config.kvDirectory)}, writable = true)),
    (name = "network", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
    (name = "webhook-network", network = (allow = [${webhookNetwork}], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:${config.port}", http = (), service = "main"),
    (name = "cron", address = ${quote(`unix:${config.cronSocket}`)}, http = (),
      service = (name = "main", entrypoint = "cron")),
  ],
);

const worker :Workerd.Worker = (
  modules = [
    (name = "worker-entry.js", esModule = embed "worker-entry.js"),
    (name = "worker.js", esModule = embed "worker.js"),
  ],
  compatibilityDate = ${quote(date)},
  compatibilityFlags = [${flags.map(quote).join(", ")}],
  globalOutbound = "network",
  bindings = [
    (name = "API_KEYS", kvNamespace = "kv"),
    (name = "API_KEYS_DISK", service = "kv"),
    (name = "WEBHOOK_NETWORK", service = "webhook-network"),
    ${variables.join(",\n    ")}
  ],
);
`;
}

/** The compatibility date and flags of wrangler.toml, so that the served Worker equals the deployed one. */
export function readCompatibility(): { readonly date: string; readonly flags: readonly string[] } {
  const settings = parse(readFileSync(new URL("../../../wrangler.toml", import.meta.url), "utf8"));
  return { date: String(settings.compatibility_date), flags: settings.compatibility_flags as string[] };
}

/** For paths and names, JSON's escapes equal those of Cap'n Proto. */
function quote(text: string): string {
  return JSON.stringify(text);
}
