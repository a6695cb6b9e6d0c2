import { afterAll, beforeAll, expect, it } from "vitest";
import { type BehindProxy, serveBehindProxy } from "../support/processes/behind-proxy.ts";
import { cutEverywhere } from "../support/processes/cut-everywhere.ts";
import type { Fate } from "../support/processes/http-proxy.ts";
import { PERSISTENT_ID, Persistent } from "../support/processes/persistent-client.ts";
import { makeServedWorkspace, type ServedWorkspace } from "../support/processes/served-workspace.ts";

/* Every write with the connection to the database cut at each round trip, before and after it ran. */

const item = {
  name: "Item",
  columns: [
    { name: "name", type: "VARCHAR", nullable: false, unique: true },
    { name: "value", type: "INTEGER", nullable: false, default: 1 },
  ],
};
const MISSING = 987_654;

let served: BehindProxy;
let w: ServedWorkspace;
let fateOf: (roundTrip: number) => Fate = () => "PASS";
let roundTrips = 0;

beforeAll(async () => {
  served = await serveBehindProxy(({ requestId }) => {
    return requestId.startsWith(PERSISTENT_ID) ? fateOf(++roundTrips) : "PASS";
  });
});

afterAll(() => served.stop());

let client: Persistent;
async function startAgain(): Promise<void> {
  fateOf = () => "PASS";
  w = await makeServedWorkspace(served.baseUrl, item);
  client = new Persistent(served.baseUrl + w.path, w.key);
  await client.write("POST", "/Item/bulk", 200, [{ name: "first" }, { name: "second" }]);
}

const [first, second] = [
  { id: 1, name: "first", value: 1 },
  { id: 2, name: "second", value: 1 },
];
const returning = { Prefer: "return=representation" };
const counts = (succeeded: number, failed: number) => ({ succeeded, failed });

const writes: readonly {
  readonly write: readonly [method: string, path: string, status: number, body?: unknown, headers?: object];
  readonly answers: unknown;
  readonly leaves: readonly object[];
}[] = [
  {
    write: ["POST", "/Item", 201, { name: "new" }],
    answers: { data: { name: "new" } },
    leaves: [first, second, { name: "new", value: 1 }],
  },
  {
    write: ["PUT", "/Item/1", 200, { value: 5 }],
    answers: { data: { value: 5 } },
    leaves: [{ ...first, value: 5 }, second],
  },
  { write: ["DELETE", "/Item/1", 204], answers: undefined, leaves: [second] },
  {
    write: ["POST", "/Item/bulk", 200, [{ name: "new" }, { name: "first" }, {}]],
    answers: counts(1, 2),
    leaves: [first, second, { name: "new" }],
  },
  {
    write: ["POST", "/Item/bulk", 200, [{ name: "new" }, { name: "first" }], returning],
    answers: { ...counts(1, 1), data: [{ name: "new" }, null] },
    leaves: [first, second, { name: "new" }],
  },
  {
    write: ["POST", "/Item/bulk?atomic=true", 200, [{ name: "a" }, { name: "b" }]],
    answers: counts(2, 0),
    leaves: [first, second, { name: "a" }, { name: "b" }],
  },
  {
    write: [
      "PUT",
      "/Item/bulk",
      200,
      [
        { id: 1, value: 7 },
        { id: MISSING, value: 8 },
      ],
    ],
    answers: counts(1, 1),
    leaves: [{ ...first, value: 7 }, second],
  },
  { write: ["DELETE", "/Item/bulk", 200, [1, MISSING]], answers: counts(1, 1), leaves: [second] },
  { write: ["DELETE", "/Item/bulk", 200, [1, 2]], answers: counts(2, 0), leaves: [] },
  {
    write: ["PUT", "/Item/bulk?upsertBy=name", 200, [{ name: "second", value: 3 }, { name: "new" }]],
    answers: counts(2, 0),
    leaves: [first, { ...second, value: 3 }, { name: "new" }],
  },
  {
    write: [
      ...(["POST", "/transaction", 200] as const),
      {
        operations: [
          { method: "POST", entity: "Item", body: { name: "new" } },
          { method: "DELETE", entity: "Item", id: 2 },
        ],
      },
    ],
    answers: { data: [{ name: "new" }, null] },
    leaves: [first, { name: "new" }],
  },
];

it.each(writes)(
  "$write.0 $write.1 $write.3 is done once, and answered as if nothing had happened",
  async ({ write: [method, path, status, body, headers], answers, leaves }) => {
    await cutEverywhere(async ({ at, fate }) => {
      await startAgain();
      roundTrips = 0;
      fateOf = (roundTrip) => (roundTrip === at ? fate : "PASS");
      const answer = await client.write(method, path, status, body, { ...headers });
      fateOf = () => "PASS";
      if (roundTrips < at) return false;
      const where = `${fate} ${at}`;
      if (answers === undefined) expect(answer.body, where).toBeUndefined();
      else expect(answer.body, where).toMatchObject(answers as object);
      expect(await w.records("Item"), where).toMatchObject(leaves);
      return true;
    });
  },
);
