import type { DestinationPolicy } from "./destination-policy.ts";

/** What a deployment says of webhooks. */
export interface WebhookSettings {
  /** Encrypts the secrets of webhooks. Undefined: none can be made. */
  readonly secretKey: string | undefined;
  readonly policy: DestinationPolicy;
  /** Undefined: the Worker's own network. */
  readonly network: Fetcher | undefined;
}
