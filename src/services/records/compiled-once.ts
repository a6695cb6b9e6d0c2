import { LruMap } from "../../lib/lru-map.ts";
import type { Visible } from "../../query/rules/visible.ts";
import { type Compiled, mapStatements } from "../../query/sql/compiled.ts";

/** An isolate caches up to 200 catalogs, each with the rules of a few roles, and has 128 MiB. */
const KEPT_FOR_EACH = 30;
/** Characters. Longer queries are rarely repeated. */
const LONGEST_KEPT = 2_000;

const kept = new WeakMap<object, LruMap<string, unknown>>();

/**
 * Caches what a query compiles to while schema and rules stay the same, because applications repeat their queries.
 * `question` must contain everything that `compile` depends on, except what exists for the caller. Slots are not bound
 * yet.
 */
export function compiledOnce<Result extends object>(
  { identity }: Visible,
  question: string,
  compile: () => Result,
): Result {
  if (question.length > LONGEST_KEPT) return compile();
  const ofIdentity = kept.get(identity) ?? new LruMap(KEPT_FOR_EACH);
  kept.set(identity, ofIdentity);
  const known = ofIdentity.get(question) as Result | undefined;
  if (known) return known;
  const compiled = compile();
  ofIdentity.set(question, compiled);
  return compiled;
}

/** The same as `compiledOnce`, for a whole read, with the request's claims bound. */
export function readOnce<Answer>(
  visible: Visible,
  question: string,
  compile: () => Compiled<Answer>,
): Compiled<Answer> {
  const compiled = compiledOnce(visible, question, compile);
  return visible.hasRules ? mapStatements(compiled, visible.bind) : compiled;
}
