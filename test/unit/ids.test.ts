import { expect, it } from "vitest";
import { newUuidV7 } from "../../src/lib/ids.ts";

it("UUIDs that are made after each other sort in this order, so that a list by id keeps the order of creation", () => {
  const ids = Array.from({ length: 10_000 }, newUuidV7);
  expect(ids.toSorted()).toEqual(ids);
});
