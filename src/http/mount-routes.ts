import type { HonoBase } from "hono/hono-base";
import { methodNotAllowed, routeNotFound } from "../errors/api-errors.ts";
import { type AppContext, type AppEnv, pathParameter } from "./context.ts";
import { respond } from "./response/respond.ts";
import type { Handler, Route } from "./route.ts";

/**
 * Mounts every path. Where a name and a parameter compete (`…/:entity/bulk`, `…/:entity/:id`), the name is found here,
 * because Hono's fast router does not take both.
 */
export function mountRoutes(app: HonoBase<AppEnv>, routes: readonly Route[]): void {
  const families = Map.groupBy(routes, ({ path }) => generalPathOf(path, routes));
  for (const [path, family] of families) {
    const [only] = family;
    if (only && family.length === 1 && only.path === path) app.all(path, handlerOf(only));
    else app.all(path, dispatch(path, family));
  }
}

/** The path with a parameter for every name where another route has that parameter. */
function generalPathOf(path: string, routes: readonly Route[]): string {
  return path.split("/").reduce((general, segment, i) => {
    if (i === 0) return segment;
    const sibling = routes
      .map((route) => route.path.split("/"))
      .find((segments) => segments[i]?.startsWith(":") && isBelow(segments, general.split("/")));
    return `${general}/${segment !== "" && sibling ? sibling[i] : segment}`;
  }, "");
}

/** Whether the segments begin with those of a general path. */
const isBelow = (segments: readonly string[], general: readonly string[]) =>
  general.every((part, i) => part === segments[i] || part.startsWith(":"));

/** Finds the route whose names are in the request's path. The route with parameters comes last. */
function dispatch(path: string, family: readonly Route[]): Handler {
  const parts = path.split("/");
  const named = family.map((route) => {
    const names = route.path
      .split("/")
      .flatMap((segment, i) => (segment === parts[i] ? [] : [[parts[i]?.slice(1) ?? "", segment] as const]));
    return { names, handle: handlerOf(route) };
  });
  named.sort((left, right) => right.names.length - left.names.length);
  const parameters = new Set(named.flatMap(({ names }) => names.map(([parameter]) => parameter)));
  return (c) => {
    const sent = new Map([...parameters].map((parameter) => [parameter, pathParameter(c, parameter)]));
    const found = named.find(({ names }) => names.every(([parameter, name]) => sent.get(parameter) === name));
    if (!found) throw routeNotFound();
    return found.handle(c);
  };
}

/** Handles every method of a path: HEAD as GET, OPTIONS itself, and 405 with `Allow` for the rest. */
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
