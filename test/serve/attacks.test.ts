import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AttackedServer, startTarget } from "../../tools/checks/attack/attack-target.ts";
import { ATTACKS } from "../../tools/checks/attack/attacks.ts";
import { getUntil } from "../../tools/checks/attack/quiet-client.ts";
import { runAttack } from "../../tools/checks/attack/run-attack.ts";

/* A short run of `npm run attack`: smaller, and each attack for a second. */

const SECONDS = 1;

let server: AttackedServer;
beforeAll(async () => {
  server = await startTarget(
    { connections: 300, records: 5_000, entities: 2 },
    { MAX_CONNECTIONS: "400", MAX_CONNECTIONS_PER_ADDRESS: "100", MAX_UNREAD_MIB: "20" },
  );
});
afterAll(() => server.stop());

const LISTS = 90;

it("serves others between two large lists, however many wait", async () => {
  const { baseUrl, target, quiet } = server;
  const over = new AbortController();
  const others = getUntil(over.signal, `${baseUrl}${quiet.path}/Note/1`, { key: quiet.key, keepAlive: true });
  const headers = { authorization: `Bearer ${target.readKey}` };
  const list = () => fetch(`${baseUrl}${target.path}/Page?size=1000`, { method: "HEAD", headers });
  const lists = await Promise.all(Array.from({ length: LISTS }, list));
  over.abort();
  expect(new Set(lists.map(({ status }) => status))).toEqual(new Set([200]));
  expect((await others).latenciesMs.length).toBeGreaterThan(LISTS / 2);
});

describe("an attack on npm run serve", () => {
  it.each(Object.keys(ATTACKS))("fails no request of another workspace's client: %s", async (name) => {
    const { outcomes, kept, fresh, backAfterMs } = await runAttack(server, name, {
      seconds: SECONDS,
      restMs: 0,
    });
    expect([...kept.failures, ...fresh.failures]).toEqual([]);
    expect(kept.latenciesMs.length).toBeGreaterThan(0);
    expect(Object.keys(outcomes)).not.toEqual([]);
    expect(backAfterMs).toBeDefined();
  });
});
