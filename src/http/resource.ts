import type { Hono, MiddlewareHandler } from "hono";
import { methodNotAllowed } from "../errors/failures.ts";
import type { AppContext, AppEnv } from "./context.ts";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export type Handler = (c: AppContext) => Promise<Response>;
export type Handlers = { readonly [M in Method]?: Handler };

export interface ResourceOptions {
  readonly path: string;
  /** Runs before every method but OPTIONS, for wrong methods too. */
  readonly guard: MiddlewareHandler<AppEnv>;
  readonly handlers: Handlers;
}

/** Mounts one path with its methods; HEAD works wherever GET does, what else is asked is 405 with `Allow`. */
export function mountResource(app: Hono<AppEnv>, { path, guard, handlers }: ResourceOptions): void {
  const methods = Object.keys(handlers) as Method[];
  const allowed = [...methods, ...(handlers.GET ? ["HEAD"] : []), "OPTIONS"];
  app.options(path, (c) => c.body(null, 204, { Allow: allowed.join(", ") }));
  for (const method of methods) {
    const handle = handlers[method];
    if (handle) app.on(method, path, guard, handle);
  }
  app.all(path, guard, () => {
    throw methodNotAllowed(allowed);
  });
}
