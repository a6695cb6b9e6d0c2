import fc from "fast-check";
import { expect, it } from "vitest";
import type { Answer } from "../support/api.ts";
import { expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/*
 * 32 clients send random writes at once, of every form that the database computes or links, while the schema changes. At the
 * end the records are what the acknowledged writes add up to: counters to the unit, parents with exactly their children.
 */

const CLIENTS = 32;
const WRITES_PER_CLIENT = 6;
const RUNS = 2;
const MOST = 1000;
const START = 500;

const definitions = [
  {
    name: "Account",
    columns: [
      { name: "code", type: "VARCHAR", nullable: false, unique: true },
      { name: "tier", type: "ENUM", values: ["GOLD", "BASIC"], default: "BASIC", indexed: true },
      {
        name: "balance",
        type: "INTEGER",
        nullable: false,
        default: 0,
        constraints: [
          { type: "MIN", value: 0 },
          { type: "MAX", value: MOST },
        ],
      },
    ],
  },
  {
    name: "Order",
    columns: [
      { name: "code", type: "VARCHAR", nullable: false, unique: true },
      { name: "note", type: "VARCHAR", length: 50 },
      { name: "accountId", nullable: false, references: { entity: "Account", inverse: "orders" } },
    ],
  },
  {
    name: "Line",
    columns: [
      {
        name: "orderId",
        nullable: false,
        references: { entity: "Order", inverse: "lines", onDelete: "CASCADE" },
      },
      { name: "quantity", type: "INTEGER", nullable: false, constraints: [{ type: "MIN", value: 1 }] },
    ],
  },
];
/** The last one is made by whichever upsert comes first. */
const ACCOUNTS = ["a", "b", "c", "d", "late"];
const TIERS: Readonly<Record<string, readonly string[]>> = { GOLD: ["a", "b"], BASIC: ["c", "d", "late"] };

type Write =
  | { readonly kind: "INCREMENT" | "KEYED" | "UPSERT"; readonly code: string; readonly by: number }
  | { readonly kind: "MATCHING"; readonly tier: string; readonly by: number }
  | { readonly kind: "TRANSFER" | "BULK"; readonly from: string; readonly to: string; readonly by: number }
  | {
      readonly kind: "NESTED";
      readonly order: string;
      readonly code: string;
      readonly lines: readonly number[];
    }
  | { readonly kind: "UPSERT_ORDER" | "DELETE"; readonly order: string; readonly code: string };

const step = fc.integer({ min: -400, max: 400 });
const account = fc.constantFrom(...ACCOUNTS.slice(0, 4));
const order = fc.constantFrom(...Array.from({ length: 12 }, (_, i) => `o${i}`));
const kinds = <K extends string>(...names: readonly K[]) => fc.constantFrom(...names);
const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ kind: kinds("INCREMENT", "KEYED"), code: account, by: step }),
  fc.record({ kind: kinds("UPSERT"), code: fc.constantFrom("a", "late"), by: step }),
  fc.record({ kind: kinds("MATCHING"), tier: fc.constantFrom("GOLD", "BASIC"), by: step }),
  fc.record({ kind: kinds("TRANSFER", "BULK"), from: account, to: account, by: step }),
  fc.record({
    kind: kinds("NESTED"),
    order,
    code: fc.constantFrom(...ACCOUNTS),
    lines: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 4 }),
  }),
  fc.record({ kind: kinds("UPSERT_ORDER", "DELETE"), order, code: account }),
);

/** What the answers add up to. */
class Ledger {
  /** What was added to each account. */
  readonly added = new Map<string, number>();
  readonly writesTo = new Map<string, number>();
  /** Quantities by order that was ever made. */
  readonly orders = new Map<number, readonly number[]>();
  deleted = 0;
  readonly odd: string[] = [];

  add(code: string, by: number): void {
    this.added.set(code, (this.added.get(code) ?? 0) + by);
    this.writesTo.set(code, (this.writesTo.get(code) ?? 0) + 1);
  }

  /** Whether a write was done. Notes an answer that none of these writes may have. */
  isDone({ status, body, text }: Answer, expected: readonly string[]): boolean {
    if (status < 300) return true;
    const code: string = body?.error?.code;
    if (![...expected, "SCHEMA_MIGRATION_IN_PROGRESS"].includes(code)) this.odd.push(`${status} ${text}`);
    return false;
  }
}

const OUT_OF_BOUNDS = ["VALIDATION_ERROR"];

async function send(w: TestWorkspace, ids: ReadonlyMap<string, number>, one: Write, ledger: Ledger) {
  const change = (by: number) => ({ balance: { $increment: by } });
  switch (one.kind) {
    case "INCREMENT": {
      const answer = await w.api("PATCH", `/Account/by/code/${one.code}`, { body: change(one.by) });
      if (ledger.isDone(answer, OUT_OF_BOUNDS)) ledger.add(one.code, one.by);
      return;
    }
    case "KEYED": {
      const headers = { "Idempotency-Key": crypto.randomUUID() };
      const asking = { body: change(one.by), headers };
      const both = await Promise.all(
        [1, 2].map(() => w.api("PUT", `/Account/${ids.get(one.code)}?fields=balance`, asking)),
      );
      const done = both.map((answer) => ledger.isDone(answer, [...OUT_OF_BOUNDS, "IDEMPOTENCY_CONFLICT"]));
      if (done.includes(true)) ledger.add(one.code, one.by);
      return;
    }
    case "UPSERT": {
      const body = [{ code: one.code, balance: { $increment: one.by, $default: START } }];
      const answer = await w.api("PUT", "/Account/bulk?upsertBy=code&atomic=true", { body });
      if (ledger.isDone(answer, OUT_OF_BOUNDS)) ledger.add(one.code, one.by);
      return;
    }
    case "MATCHING": {
      const path = `/Account?filter[tier]=${one.tier}&maxAffected=9`;
      const asking = { body: change(one.by), headers: { Prefer: "return=representation" } };
      const answer = await w.api("PATCH", path, asking);
      if (!ledger.isDone(answer, OUT_OF_BOUNDS)) return;
      for (const { code } of answer.body.data) ledger.add(code, one.by);
      if (answer.body.data.some(({ code }: { code: string }) => !TIERS[one.tier]?.includes(code)))
        ledger.odd.push(answer.text);
      return;
    }
    case "TRANSFER": {
      const operations = [
        { method: "PUT", entity: "Account", id: ids.get(one.from), body: change(-one.by) },
        { method: "PUT", entity: "Account", id: ids.get(one.to), body: change(one.by) },
      ];
      const answer = await w.api("POST", "/transaction", { body: { operations } });
      if (!ledger.isDone(answer, OUT_OF_BOUNDS)) return;
      ledger.add(one.from, -one.by);
      ledger.add(one.to, one.by);
      return;
    }
    case "BULK": {
      const codes = [one.from, one.to];
      const body = codes.map((code) => ({ id: ids.get(code), ...change(one.by) }));
      const answer = await w.api("PUT", "/Account/bulk", { body });
      if (!ledger.isDone(answer, [])) return;
      const failed = new Set((answer.body.errors ?? []).map(({ index }: { index: number }) => index));
      for (const [index, code] of codes.entries()) if (!failed.has(index)) ledger.add(code, one.by);
      return;
    }
    case "NESTED": {
      const lines = one.lines.map((quantity) => ({ quantity }));
      const body = { code: one.order, accountId: { $by: { code: one.code } }, lines };
      const answer = await w.api("POST", "/Order?fields=id,lines.quantity&expand=lines", { body });
      const expected = ["VALIDATION_ERROR", "UNIQUE_CONSTRAINT_VIOLATION", "FOREIGN_KEY_VIOLATION"];
      if (!ledger.isDone(answer, expected)) return;
      const { id, lines: made } = answer.body.data;
      ledger.orders.set(id, one.lines);
      if (JSON.stringify(quantitiesOf(made)) !== JSON.stringify(one.lines.toSorted()))
        ledger.odd.push(answer.text);
      return;
    }
    case "UPSERT_ORDER": {
      const body = [{ code: one.order, accountId: { $by: { code: one.code } }, note: one.code }];
      const headers = { Prefer: "return=representation" };
      const answer = await w.api("PUT", "/Order/bulk?upsertBy=code&atomic=true", { body, headers });
      if (!ledger.isDone(answer, [])) return;
      const { id } = answer.body.data[0];
      if (!ledger.orders.has(id)) ledger.orders.set(id, []);
      return;
    }
    case "DELETE": {
      const answer = await w.api("DELETE", `/Order/by/code/${one.order}`);
      if (ledger.isDone(answer, ["NOT_FOUND"])) ledger.deleted++;
    }
  }
}

const quantitiesOf = (lines: readonly { readonly quantity: number }[]) =>
  lines.map(({ quantity }) => quantity).toSorted();

/** Changes that take nothing from the records, while `isOver` is false. */
async function changeSchema(w: TestWorkspace, isOver: () => boolean): Promise<void> {
  const changes = [
    ["note", { indexed: true }],
    ["note", { type: "TEXT" }],
    ["code", { length: 100 }],
  ] as const;
  for (const [column, body] of changes) {
    if (isOver()) return;
    expectStatus(await w.admin("PATCH", `/entities/Order/columns/${column}`, { body }), 200);
  }
}

async function allOf(w: TestWorkspace, entity: string) {
  const { text } = expectStatus(await w.api("GET", `/${entity}/export?format=ndjson`), 200);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

async function expectConsistent(w: TestWorkspace, ledger: Ledger) {
  expect(ledger.odd).toEqual([]);
  for (const { id, code, balance } of await allOf(w, "Account")) {
    expect([code, balance]).toEqual([code, START + (ledger.added.get(code) ?? 0)]);
    expect(balance >= 0 && balance <= MOST, `${code} ${balance}`).toBe(true);
    const [version] = /\d+/.exec((await w.api("GET", `/Account/${id}`)).headers.get("ETag") ?? "") ?? [];
    const writes = (ledger.writesTo.get(code) ?? 0) + (code === "late" ? 0 : 1);
    expect([code, version]).toEqual([code, String(writes)]);
  }
  const orders = await allOf(w, "Order");
  const lines = await allOf(w, "Line");
  expect(new Set(orders.map(({ code }) => code)).size).toBe(orders.length);
  expect(orders).toHaveLength(ledger.orders.size - ledger.deleted);
  for (const { id } of orders) {
    const own = lines.filter(({ orderId }) => orderId === id);
    expect([id, quantitiesOf(own)]).toEqual([id, ledger.orders.get(id)?.toSorted()]);
  }
  const ids = new Set(orders.map(({ id }) => id));
  expect(lines.filter(({ orderId }) => !ids.has(orderId))).toEqual([]);
}

it("concurrent writes of every form add up to what was acknowledged, also while the schema changes", async () => {
  const sequence = fc.array(write, { minLength: WRITES_PER_CLIENT, maxLength: WRITES_PER_CLIENT });
  const clients = fc.array(sequence, { minLength: CLIENTS, maxLength: CLIENTS });
  await fc.assert(
    fc.asyncProperty(clients, async (sequences) => {
      const w = await makeWorkspace(...definitions);
      const ids = new Map<string, number>();
      for (const code of ACCOUNTS.slice(0, 4)) {
        const tier = TIERS.GOLD?.includes(code) ? "GOLD" : "BASIC";
        const { body } = await w.api("POST", "/Account", { body: { code, tier, balance: START } });
        ids.set(code, body.data.id);
      }
      const ledger = new Ledger();
      let isOver = false;
      const changing = changeSchema(w, () => isOver);
      await Promise.all(
        sequences.map(async (writes) => {
          for (const one of writes) await send(w, ids, one, ledger);
        }),
      );
      isOver = true;
      await changing;
      await expectConsistent(w, ledger);
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
});
