import { AppError } from "../../errors/app-error.ts";
import type { ServiceContext } from "../context.ts";

/** Returns the deployment's key for webhook secrets. Throws SERVICE_UNAVAILABLE if there is none. */
export function requireSecretKey({ webhooks }: ServiceContext): string {
  if (webhooks.secretKey !== undefined) return webhooks.secretKey;
  throw new AppError(
    "SERVICE_UNAVAILABLE",
    "Webhooks are not available: this deployment has no WEBHOOK_SECRET_KEY",
    { headers: { "Retry-After": "3600" } },
  );
}
