import type { DestinationPolicy } from "./destination-policy.ts";

/** The deployment's settings for webhooks. */
export interface WebhookSettings {
  /** Encrypts the secrets of webhooks. If undefined, no webhook can be created. */
  readonly secretKey: string | undefined;
  readonly policy: DestinationPolicy;
  /** Undefined for the Worker's own network. */
  readonly network: Fetcher | undefined;
}
