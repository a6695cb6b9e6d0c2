import type { HonoBase } from "hono/hono-base";
import { methodNotAllowed } from "../errors/failures.ts";
import { type AppContext, type AppEnv, pathParameter } from "./context.ts";
import { respond } from "./response/respond.ts";
import type { Handler, Route } from "./route.ts";

/**
 * Mounts every path. Where a name and a parameter share a place (`…/:entity/bulk`, `…/:entity/:id`), the name is found
 * here and not by Hono, whose fast router does not take both.
 */
export function mountRoutes(app: HonoBase<AppEnv>, routes: readonly Route[]): void {
  const siblings = Map.groupBy(routes, ({ path }) => path.slice(0, path.lastIndexOf("/") + 1));
  for (const [parent, family] of siblings) {
    const lastPartOf = ({ path }: Route) => path.slice(parent.length);
    const general = family.find((route) => lastPartOf(route).startsWith(":"));
    const named = new Map(family.map((route) => [lastPartOf(route), handlerOf(route)]));
    for (const [name, handle] of named) if (!general || name === "") app.all(parent + name, handle);
    if (general) {
      const parameter = lastPartOf(general).slice(1);
      const handle = handlerOf(general);
      app.all(general.path, (c) => (named.get(pathParameter(c, parameter)) ?? handle)(c));
    }
  }
}

/** Handles every method of a path: HEAD like GET, OPTIONS itself, others as 405 with `Allow`. */
function handlerOf({ path, guard, handlers }: Route): Handler {
  const allowed = [...Object.keys(handlers), ...(handlers.GET ? ["HEAD"] : []), "OPTIONS"];
  const known = new Map<string, Handler | undefined>([...Object.entries(handlers), ["HEAD", handlers.GET]]);

  return async function handle(c: AppContext): Promise<Response> {
    const { method } = c.req;
    c.set("route", path);
    if (method === "OPTIONS")
      return respond(c, null, { status: 204, headers: { Allow: allowed.join(", ") } });
    await guard?.(c);
    const handler = known.get(method);
    if (!handler) throw methodNotAllowed(allowed);
    return handler(c);
  };
}
