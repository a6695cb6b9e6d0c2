import { settingsOf } from "../../env.ts";
import { forwardedAddress, withoutPort } from "../../model/addresses/forwarded-address.ts";
import type { AppContext } from "../context.ts";

/**
 * Returns the client's address: the one named by the owner's proxies, else the one that plain workerd reports, else
 * Cloudflare's header, which no client can set there.
 */
export function clientAddressOf(c: AppContext): string | undefined {
  const { clientAddressHeader, trustedProxies } = settingsOf(c.env);
  if (clientAddressHeader !== undefined)
    return forwardedAddress(c.req.header(clientAddressHeader), trustedProxies);
  const { cf } = c.req.raw;
  if (cf && "clientIp" in cf && typeof cf.clientIp === "string") return withoutPort(cf.clientIp);
  return c.req.header("CF-Connecting-IP");
}
