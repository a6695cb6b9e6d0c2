import type { HonoBase } from "hono/hono-base";
import { methodNotAllowed } from "../errors/failures.ts";
import { answerRequest } from "./answer-request.ts";
import { type AppContext, type AppEnv, pathParameter } from "./context.ts";
import { respond } from "./respond.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export type Handler = (c: AppContext) => Promise<Response>;
export type Handlers = { readonly [M in Method]?: Handler };

/** One path with its methods. */
export interface Resource {
  readonly path: string;
  /** Runs before every method but OPTIONS, for wrong methods too; without one, anyone may ask. */
  readonly guard?: (c: AppContext) => Promise<void>;
  readonly handlers: Handlers;
}

/** The same guard and prefix for a table of paths. */
export function resourcesOf(
  guard: NonNullable<Resource["guard"]>,
  prefix: string,
  table: Readonly<Record<string, Handlers>>,
): readonly Resource[] {
  return Object.entries(table).map(([path, handlers]) => ({ path: prefix + path, guard, handlers }));
}

/**
 * Mounts every path. A name that stands where a parameter may stand (`…/:entity/bulk`, `…/:entity/:id`) is found here and
 * not by Hono, whose fast router does not take both.
 */
export function mountResources(app: HonoBase<AppEnv>, resources: readonly Resource[]): void {
  const siblings = Map.groupBy(resources, ({ path }) => path.slice(0, path.lastIndexOf("/") + 1));
  for (const [parent, family] of siblings) {
    const lastPartOf = ({ path }: Resource) => path.slice(parent.length);
    const general = family.find((resource) => lastPartOf(resource).startsWith(":"));
    const named = new Map(family.map((resource) => [lastPartOf(resource), answererOf(resource)]));
    for (const [name, answer] of named) if (!general || name === "") app.all(parent + name, answer);
    if (general) {
      const parameter = lastPartOf(general).slice(1);
      const answer = answererOf(general);
      app.all(general.path, (c) => (named.get(pathParameter(c, parameter)) ?? answer)(c));
    }
  }
}

/** HEAD works wherever GET does; what else is asked is 405 with `Allow`. */
function answererOf({ path, guard, handlers }: Resource): Handler {
  const allowed = [...Object.keys(handlers), ...(handlers.GET ? ["HEAD"] : []), "OPTIONS"];
  const known = new Map<string, Handler | undefined>([...Object.entries(handlers), ["HEAD", handlers.GET]]);

  async function answer(c: AppContext): Promise<Response> {
    const { method } = c.req;
    if (method === "OPTIONS")
      return respond(c, null, { status: 204, headers: { Allow: allowed.join(", ") } });
    await guard?.(c);
    const handler = known.get(method);
    if (!handler) throw methodNotAllowed(allowed);
    return handler(c);
  }

  return (c) => answerRequest(c, path, () => answer(c));
}
