import { checkReadiness } from "../services/health/check-readiness.ts";
import { respondJson } from "./response/respond.ts";
import type { Route } from "./route.ts";

export const healthRoutes: readonly Route[] = [
  {
    path: "/healthz",
    handlers: { GET: async (c) => respondJson(c, { status: "ok" }) },
  },
  {
    path: "/readyz",
    handlers: {
      async GET(c) {
        await checkReadiness(c.get("services"));
        return respondJson(c, { status: "ready" });
      },
    },
  },
];
