import type { HonoBase } from "hono/hono-base";
import { methodNotAllowed } from "../errors/failures.ts";
import { type AppContext, type AppEnv, pathParameter } from "./context.ts";
import { respond } from "./response/respond.ts";
import type { Handler, Route } from "./route.ts";

/**
 * Mounts every path. Where a name and a parameter share a place (`…/:entity/bulk`, `…/:entity/:id`), the name is found
 * here and not by Hono, whose fast router does not take both. The same goes for a place before the last one
 * (`…/tokens/revoke`).
 */
export function mountRoutes(app: HonoBase<AppEnv>, routes: readonly Route[]): void {
  const siblings = Map.groupBy(routes, ({ path }) => parentOf(path));
  for (const [parent, family] of siblings) {
    if (generalParentOf(parent, siblings)) continue;
    const lastPartOf = ({ path }: Route) => path.slice(parent.length);
    const general = family.find((route) => lastPartOf(route).startsWith(":"));
    const named = new Map(family.map((route) => [lastPartOf(route), handlerOf(route)]));
    for (const [name, handle] of named) if (!general || name === "") app.all(parent + name, handle);
    if (general) {
      const parameter = lastPartOf(general).slice(1);
      const handle = handlerOf(general);
      const special = routes.filter(({ path }) => generalParentOf(parentOf(path), siblings) === parent);
      const specialHandlers = new Map(special.map((route) => [lastTwoOf(route.path), handlerOf(route)]));
      const isSpecial = specialHandlers.size > 0;
      app.all(general.path, (c) => {
        const found = isSpecial ? specialHandlers.get(lastTwoOf(c.req.path)) : undefined;
        return (found ?? named.get(pathParameter(c, parameter)) ?? handle)(c);
      });
    }
  }
}

const parentOf = (path: string) => path.slice(0, path.lastIndexOf("/") + 1);
const lastTwoOf = (path: string) => path.split("/").slice(-2).join("/");

/** The parent that has a parameter where this one ends in a name; undefined when there is none. */
function generalParentOf(parent: string, siblings: ReadonlyMap<string, unknown>): string | undefined {
  const [, before = "", name = ""] = /^(.*\/)([^/]+)\/$/.exec(parent) ?? [];
  if (name === "" || name.startsWith(":")) return undefined;
  return [...siblings.keys()].find(
    (other) => other.startsWith(`${before}:`) && !other.slice(before.length, -1).includes("/"),
  );
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
