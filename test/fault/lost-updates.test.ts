import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeServedWorkspace, type Served, serveWorker } from "../support/processes/served-workspace.ts";

const CLIENTS = 32;
const INCREMENTS = 50;
/** The longest wait after one conflict. It doubles each time, so that a slow machine is not flooded. */
const FIRST_PAUSE_MS = 5;
const MOST_DOUBLINGS = 6;

let served: Served;
beforeAll(async () => {
  served = await serveWorker({ LOG_REQUESTS: "false" });
});
afterAll(() => served.stop());

it("If-Match loses no update: 32 clients increment one counter 50 times each", {
  timeout: 240_000,
}, async () => {
  const columns = [{ name: "value", type: "INTEGER", nullable: false, default: 0 }];
  const { key, path } = await makeServedWorkspace(served.baseUrl, { name: "Counter", columns });
  const send = (method: string, url: string, body?: object, headers: Record<string, string> = {}) =>
    fetch(`${served.baseUrl}${path}${url}`, {
      method,
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json", ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
  const countIn = async (response: Response) => {
    const { data } = (await response.json()) as { data: { value: number } };
    return data.value;
  };
  expect((await send("POST", "/Counter", {})).status).toBe(201);

  async function incrementOften(): Promise<void> {
    for (let done = 0, conflicts = 0; done < INCREMENTS; ) {
      const read = await send("GET", "/Counter/1");
      const body = { value: (await countIn(read)) + 1 };
      const written = await send("PUT", "/Counter/1", body, { "If-Match": read.headers.get("ETag") ?? "" });
      await written.arrayBuffer();
      if (written.status === 200) {
        done++;
        conflicts = 0;
      } else {
        expect(written.status).toBe(412);
        await pause(Math.random() * FIRST_PAUSE_MS * 2 ** Math.min(conflicts++, MOST_DOUBLINGS));
      }
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, incrementOften));
  expect(await countIn(await send("GET", "/Counter/1"))).toBe(CLIENTS * INCREMENTS);
});
