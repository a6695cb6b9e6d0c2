import { expect } from "vitest";

export interface Cut {
  /** The number of the round trip, from 1. */
  readonly at: number;
  readonly fate: "CUT_BEFORE" | "CUT_AFTER";
}

/**
 * Cuts at the first round trip, then at the second and so on, until `attempt` reports that it took fewer. There must be
 * one.
 */
export async function cutEverywhere(attempt: (cut: Cut) => Promise<boolean>): Promise<void> {
  for (const fate of ["CUT_BEFORE", "CUT_AFTER"] as const) {
    let at = 1;
    while (await attempt({ at, fate })) at++;
    expect(at, fate).toBeGreaterThan(1);
  }
}
