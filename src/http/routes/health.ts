import type { Hono } from "hono";
import { checkReadiness } from "../../services/health/check-readiness.ts";
import type { AppEnv } from "../context.ts";
import { authenticateNobody } from "../middleware/authenticate.ts";
import { mountResource } from "../resource.ts";

export function mountHealth(app: Hono<AppEnv>): void {
  mountResource(app, {
    path: "/healthz",
    guard: authenticateNobody,
    handlers: { GET: async (c) => c.json({ status: "ok" }) },
  });
  mountResource(app, {
    path: "/readyz",
    guard: authenticateNobody,
    handlers: {
      async GET(c) {
        await checkReadiness(c.get("services"));
        return c.json({ status: "ready" });
      },
    },
  });
}
