import { describe, expect, it } from "vitest";
import { FairQueue } from "../engine/fair-queue.ts";

const isAny = () => true;

/** Takes everything, in order. */
function drain(queue: FairQueue<string>): string[] {
  const taken: string[] = [];
  for (let item = queue.take(isAny); item !== undefined; item = queue.take(isAny)) taken.push(item);
  return taken;
}

describe("a full queue", () => {
  it("refuses the newest item of the longest lane, not of the one that comes", () => {
    const queue = new FairQueue<string>(4);
    for (const item of ["a1", "a2", "a3", "b1"]) expect(queue.push(item.charAt(0), item)).toBeUndefined();
    expect(queue.push("c", "c1")).toBe("a3");
    expect(queue.push("b", "b2")).toBe("b2");
    expect(queue.push("a", "a4")).toBe("a4");
    expect(drain(queue)).toEqual(["a1", "b1", "c1", "a2"]);
  });

  it("has room again when items are taken", () => {
    const queue = new FairQueue<string>(1);
    expect(queue.push("a", "a1")).toBeUndefined();
    expect(queue.push("a", "a2")).toBe("a2");
    expect(drain(queue)).toEqual(["a1"]);
    expect(queue.push("b", "b1")).toBeUndefined();
    expect(drain(queue)).toEqual(["b1"]);
  });
});
