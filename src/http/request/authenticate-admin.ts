import { settingsOf } from "../../env.ts";
import { invalidAdminToken } from "../../errors/failures.ts";
import { currentMillis } from "../../lib/clock.ts";
import { isEqualInConstantTime } from "../../lib/hashing.ts";
import type { AppContext } from "../context.ts";
import { bearerOf, limitUnknown } from "./authenticate.ts";

/** Finds out who asks the admin API. Wrong credentials count against their address. Throws UNAUTHORIZED, RATE_LIMITED. */
export async function authenticateAdmin(c: AppContext): Promise<void> {
  const start = currentMillis();
  const { adminToken } = settingsOf(c.env);
  const sent = bearerOf(c);
  if (!adminToken || !sent || !(await isEqualInConstantTime(sent, adminToken))) {
    await limitUnknown(c, "admin credential");
    throw invalidAdminToken();
  }
  c.set("actor", { kind: "ADMIN" });
  c.set("authMs", currentMillis() - start);
}
