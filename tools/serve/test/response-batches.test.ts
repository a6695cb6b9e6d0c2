import { expect, it } from "vitest";
import { ResponseBatches } from "../response-batches.ts";

const turn = () => new Promise(setImmediate);

it("sends a response that is alone in its turn of the event loop at once, but for one in 16", async () => {
  const batches = new ResponseBatches();
  let waits = 0;
  for (let n = 0; n < 160; n++) {
    if (batches.untilDue()) waits += 1;
    await turn();
  }
  expect(waits).toBe(10);
});

/** Batches of a server that many clients use at once. */
async function busyBatches(): Promise<ResponseBatches> {
  const batches = new ResponseBatches();
  for (let n = 0; n < 17; n++) void batches.untilDue();
  await turn();
  return batches;
}

it("sends responses together that are ready in the same turn, and later ones in the next", async () => {
  const batches = await busyBatches();
  const sent: string[] = [];
  const answer = (name: string) => batches.untilDue()?.then(() => sent.push(name));
  void answer("a");
  await Promise.resolve();
  void answer("b");
  await new Promise<void>((resolve) => queueMicrotask(resolve));
  expect(sent).toEqual([]);
  await turn();
  expect(sent).toEqual(["a", "b"]);
  await answer("c");
  expect(sent).toEqual(["a", "b", "c"]);
});

it("does not keep a response back while the turn goes on for long", async () => {
  const batches = await busyBatches();
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
