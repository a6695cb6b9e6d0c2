import { LruMap } from "../../lib/lru-map.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { PlanningView } from "../../model/workspace.ts";

/** An isolate knows up to 200 catalogs and has 128 MiB. */
const KEPT_PER_CATALOG = 30;
/** Characters. Longer questions are rarely asked twice. */
const LONGEST_KEPT = 2_000;

const kept = new WeakMap<Catalog, LruMap<string, unknown>>();

/**
 * What a question compiles to, kept as long as the schema stands: applications ask the same again and again. The question
 * must say everything that `compile` depends on but the catalog. For keys with scopes nothing is kept.
 */
export function compiledOnce<Result extends object>(
  { catalog, access }: Pick<PlanningView, "catalog" | "access">,
  question: string,
  compile: () => Result,
): Result {
  if (!access.isWhole || question.length > LONGEST_KEPT) return compile();
  const ofCatalog = kept.get(catalog) ?? new LruMap(KEPT_PER_CATALOG);
  kept.set(catalog, ofCatalog);
  const known = ofCatalog.get(question) as Result | undefined;
  if (known) return known;
  const compiled = compile();
  ofCatalog.set(question, compiled);
  return compiled;
}
