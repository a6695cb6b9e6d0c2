import { expect } from "vitest";

export interface Cut {
  /** Of the round trip, from 1. */
  readonly at: number;
  readonly fate: "CUT_BEFORE" | "CUT_AFTER";
}

/** Asks for a cut at the first round trip, at the second and so on, until `attempt` says that it took fewer; there must be one. */
export async function cutEverywhere(attempt: (cut: Cut) => Promise<boolean>): Promise<void> {
  for (const fate of ["CUT_BEFORE", "CUT_AFTER"] as const) {
    let at = 1;
    while (await attempt({ at, fate })) at++;
    expect(at, fate).toBeGreaterThan(1);
  }
}
