import { LruMap } from "../../lib/lru-map.ts";
import type { Visible } from "../../query/rules/visible.ts";
import { type Compiled, mapStatements } from "../../query/sql/compiled.ts";

/** An isolate knows up to 200 catalogs, each with the rules of a few roles, and has 128 MiB. */
const KEPT_FOR_EACH = 30;
/** Characters. Longer questions are rarely asked twice. */
const LONGEST_KEPT = 2_000;

const kept = new WeakMap<object, LruMap<string, unknown>>();

/**
 * What a question compiles to, kept as long as the schema and the rules stand: applications ask the same again and again. The
 * question must say everything that `compile` depends on but what exists for the caller. Statements are not bound yet.
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

/** As `compiledOnce`, for a whole read, with the request's claims. */
export function readOnce<Answer>(
  visible: Visible,
  question: string,
  compile: () => Compiled<Answer>,
): Compiled<Answer> {
  const compiled = compiledOnce(visible, question, compile);
  return visible.hasRules ? mapStatements(compiled, visible.bind) : compiled;
}
