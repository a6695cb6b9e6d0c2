import { expect, it } from "vitest";
import { Turnstile } from "../turnstile.ts";

it("lets one at a time pass, in order, and gives others the event loop in between", async () => {
  const turnstile = new Turnstile();
  const passed: string[] = [];
  const pass = async (name: string) => {
    await turnstile.pass();
    passed.push(name);
  };
  const passing = ["a", "b", "c"].map(pass);
  const counts: number[] = [];
  const isOver = Promise.all(passing).then(() => true);
  while (!(await Promise.race([isOver, new Promise((resolve) => setImmediate(resolve, false))])))
    counts.push(passed.length);
  expect(passed).toEqual(["a", "b", "c"]);
  expect(new Set(counts)).toEqual(new Set([1, 2]));
  await pass("later");
  expect(passed.at(-1)).toBe("later");
});
