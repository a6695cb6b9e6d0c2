import { expect, it } from "vitest";
import { ResponseBatches } from "../response-batches.ts";

it("sends the responses of one turn of the event loop together, and later ones in the next", async () => {
  const batches = new ResponseBatches();
  const sent: string[] = [];
  const answer = (name: string) => batches.untilDue().then(() => sent.push(name));
  void answer("a");
  await Promise.resolve();
  void answer("b");
  await new Promise((resolve) => queueMicrotask(() => queueMicrotask(resolve as () => void)));
  expect(sent).toEqual([]);
  await new Promise(setImmediate);
  expect(sent).toEqual(["a", "b"]);
  await answer("c");
  expect(sent).toEqual(["a", "b", "c"]);
});

it("does not keep a response back while the turn goes on for long", async () => {
  const batches = new ResponseBatches();
  let isTurnOver = false;
  setImmediate(() => {
    isTurnOver = true;
  });
  const first = batches.untilDue();
  const end = performance.now() + 10;
  while (performance.now() < end) Math.sqrt(2);
  void batches.untilDue();
  await first;
  expect(isTurnOver).toBe(false);
});
