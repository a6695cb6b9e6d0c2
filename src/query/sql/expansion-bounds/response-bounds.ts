import { type SQL, sql } from "drizzle-orm";
import type { Selection } from "../../plan/plan.ts";
import { identifier } from "../fragments.ts";
import type { JsonRow } from "../record/shape-selection.ts";
import type { Sources } from "../sources.ts";
import { boundsOf, type Extent } from "./bounds-of-branches.ts";
import { outermostBranches } from "./branches.ts";
import type { Roots } from "./join-path.ts";

/** The bounds on the expansions of a response. */
export class ResponseBounds {
  readonly #bounds;

  constructor(selection: Selection, extent: Extent) {
    this.#bounds = outermostBranches(selection).flatMap((branches) => boundsOf(branches, extent));
  }

  /**
   * `ctes` come before `select`, which ends in a condition. If a bound is exceeded, no record is read, only the bound's
   * number.
   */
  compile(ctes: readonly SQL[], select: SQL, { roots, sources }: { roots: Roots; sources: Sources }): SQL {
    if (this.#bounds.length === 0) return sources.complete(select, ctes);
    const first = identifier("exceeded");
    const all = this.#bounds.map(
      (bound, index) => sql`SELECT ${String(index)} WHERE ${bound.compileExceeds(roots, sources)}`,
    );
    const found = sql`${sql.join(all, sql` UNION ALL `)} LIMIT 1`;
    return sources.complete(
      sql`SELECT * FROM ${first} UNION ALL ${select} AND NOT EXISTS (SELECT 1 FROM ${first})`,
      [...ctes, sql`${first} AS MATERIALIZED (${found})`],
    );
  }

  /** Throws the error if a row is the number of a bound. */
  check(rows: readonly (JsonRow | number)[]): void {
    const exceeded = rows.find((row) => typeof row === "number");
    if (exceeded !== undefined) throw this.#bounds[exceeded]?.error();
  }
}
