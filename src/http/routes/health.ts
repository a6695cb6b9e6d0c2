import { checkReadiness } from "../../services/health/check-readiness.ts";
import type { Resource } from "../resource.ts";
import { respondJson } from "../respond.ts";

export const healthResources: readonly Resource[] = [
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
