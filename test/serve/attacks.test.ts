import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AttackedServer, startTarget } from "../../tools/checks/attack/attack-target.ts";
import { ATTACKS } from "../../tools/checks/attack/attacks.ts";
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

describe("an attack on npm run serve", () => {
  it.each(Object.keys(ATTACKS))("fails no request of another workspace's client: %s", async (name) => {
    const { outcomes, kept, fresh, backAfterMs } = await runAttack(server, name, SECONDS);
    expect([...kept.failures, ...fresh.failures]).toEqual([]);
    expect(kept.latenciesMs.length).toBeGreaterThan(0);
    expect(Object.keys(outcomes)).not.toEqual([]);
    expect(backAfterMs).toBeDefined();
  });
});
