import type { Expansion, Hop, Selection } from "../../plan/plan.ts";

/** A to-many expansion, and the path to it. */
export interface Branch {
  /** Leads to the records of `last`. */
  readonly path: readonly Hop[];
  readonly last: Expansion;
}

/** All branches of an expansion, including itself. Each comes after those that it goes through. */
function branchesOf({ hop, selection }: Expansion): readonly Branch[] {
  const deeper = selection.expansions
    .flatMap(branchesOf)
    .map(({ path, last }) => ({ path: [hop, ...path], last }));
  return hop.relationship.kind === "TO_ONE" ? deeper : [{ path: [hop], last: { hop, selection } }, ...deeper];
}

/** The branches of each expansion that is the first to-many on its path. */
export function outermostBranches({ expansions }: Selection): readonly (readonly Branch[])[] {
  return expansions.flatMap((expansion) => {
    const { hop, selection } = expansion;
    if (hop.relationship.kind !== "TO_ONE") return [branchesOf(expansion)];
    return outermostBranches(selection).map((branches) =>
      branches.map(({ path, last }) => ({ path: [hop, ...path], last })),
    );
  });
}
