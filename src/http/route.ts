import type { AppContext } from "./context.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export type Handler = (c: AppContext) => Promise<Response>;
export type Handlers = { readonly [M in Method]?: Handler };
export type Guard = (c: AppContext) => Promise<void>;

/** One path with its methods. */
export interface Route {
  readonly path: string;
  /** Runs before every method except OPTIONS, and before a 405. Without a guard, the route is public. */
  readonly guard?: Guard;
  readonly handlers: Handlers;
}

/** The same routes below a prefix and behind a guard. */
export const below = (prefix: string, guard: Guard, routes: readonly Route[]): readonly Route[] =>
  routes.map(({ path, handlers }) => ({ path: prefix + path, guard, handlers }));
