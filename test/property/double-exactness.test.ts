import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Answer, expectStatus } from "../support/api.ts";
import { runSql } from "../support/database.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/* Every double is stored, found and returned bit by bit, through every way in and out. Zero has no sign. */

const COUNT = 40;
const EDGES = [
  -123456789.12345679,
  -31610.349732800514,
  0.1,
  1 / 3,
  1e23,
  2 ** 53 + 2,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.MIN_VALUE,
  2.225073858507201e-308,
];

const word = fc.noBias(fc.integer({ min: 0, max: 2 ** 32 - 1 }));
const bits = fc
  .tuple(word, word)
  .map((words) => new Float64Array(Uint32Array.from(words).buffer)[0] ?? 0)
  .filter((value) => Number.isFinite(value) && value !== 0);
const everyday = fc.tuple(word, word).map(([whole, fraction]) => whole + fraction / 2 ** 32);
const doubles: fc.Arbitrary<readonly number[]> = fc
  .uniqueArray(fc.oneof(bits, everyday), { minLength: COUNT, maxLength: COUNT })
  .map((values) => [...new Set([...EDGES, ...values])]);

/** Engines that read and print very large and very small doubles as one beside them, as docs/deploy.md says. */
const INEXACT_ENGINES: readonly unknown[] = ["3.47.0"];
const isExactEverywhere = (value: number) => Math.abs(value) > 1e-80 && Math.abs(value) < 1e110;

/** New values for each run; fast-check prints the seed of a failure. */
async function holds(check: (values: readonly number[]) => Promise<void>): Promise<void> {
  const [[engine] = []] = await runSql("SELECT sqlite_version()");
  const isInexact = INEXACT_ENGINES.includes(engine);
  const checkExact = (values: readonly number[]) =>
    check(isInexact ? values.filter(isExactEverywhere) : values);
  await fc.assert(fc.asyncProperty(doubles, checkExact), { numRuns: 1, endOnFailure: true });
}

const item = {
  name: "Item",
  columns: [
    { name: "key", type: "INTEGER", nullable: false, unique: true },
    { name: "d", type: "DOUBLE" },
    { name: "indexed", type: "DOUBLE", indexed: true },
  ],
};
const recordOf = (value: number, key: number) => ({ key, d: value, indexed: value });

async function storedIn(w: TestWorkspace): Promise<readonly number[]> {
  const answer = expectStatus(await w.api("GET", "/Item/export?format=ndjson&sort=key"), 200);
  const records = answer.text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  for (const { d, indexed } of records) expect(indexed).toBe(d);
  return records.map(({ d }) => d);
}

const sentBulk = (answer: Answer, count: number) =>
  expect(expectStatus(answer, 200).body).toMatchObject({ succeeded: count, failed: 0 });

describe("a double that is written by", () => {
  it("a create, an update, a replacement and a transaction is read back exactly", () =>
    holds(async (values) => {
      const w = await makeWorkspace(item);
      for (const [key, value] of values.entries()) {
        const body = recordOf(value, key);
        const { data } = expectStatus(await w.api("POST", "/Item", { body }), 201).body;
        expect(data).toMatchObject(body);
        expect(expectStatus(await w.api("GET", `/Item/${data.id}`), 200).body.data).toMatchObject(body);
        const method = key % 2 ? "PUT" : "PATCH";
        const changed = recordOf(-value, key);
        const updated = expectStatus(await w.api(method, `/Item/${data.id}`, { body: changed }), 200);
        expect(updated.body.data).toMatchObject(changed);
      }
      expect(await storedIn(w)).toEqual(values.map((value) => -value));
      const operations = values.map((value, i) => {
        return { method: "POST", entity: "Item", body: recordOf(value, values.length + i) };
      });
      expectStatus(await w.api("POST", "/transaction", { body: { operations } }), 200);
      expect((await storedIn(w)).slice(values.length)).toEqual(values);
    }));

  it("bulk requests and upserts is read back exactly", () =>
    holds(async (values) => {
      const w = await makeWorkspace(item);
      const records = values.map(recordOf);
      sentBulk(await w.api("POST", "/Item/bulk", { body: records }), values.length);
      expect(await storedIn(w)).toEqual(values);
      const other = values.map((value, key) => recordOf(-value, key));
      sentBulk(await w.api("PUT", "/Item/bulk?upsertBy=key", { body: other }), values.length);
      expect(await storedIn(w)).toEqual(values.map((value) => -value));
      sentBulk(await w.api("PUT", "/Item/bulk?upsertBy=key&atomic=true", { body: records }), values.length);
      expect(await storedIn(w)).toEqual(values);
    }));

  it("a default is read back exactly, in new records and in those that were there", () =>
    holds(async (values) => {
      const w = await makeWorkspace({ name: "Item", columns: [{ name: "key", type: "INTEGER" }] });
      expectStatus(await w.api("POST", "/Item", { body: { key: 1 } }), 201);
      const defaults = values.slice(0, 15);
      for (const [i, value] of defaults.entries()) {
        const body = { name: `d${i}`, type: "DOUBLE", nullable: false, default: value };
        expectStatus(await w.admin("POST", "/entities/Item/columns", { body }), 201);
      }
      expectStatus(await w.api("POST", "/Item", { body: { key: 2 } }), 201);
      const expected = Object.fromEntries(defaults.map((value, i) => [`d${i}`, value]));
      const { data } = expectStatus(await w.api("GET", "/Item"), 200).body;
      expect(data).toMatchObject([expected, expected]);
    }));

  it("a conversion from text and back is read back exactly", () =>
    holds(async (values) => {
      const w = await makeWorkspace(item);
      sentBulk(await w.api("POST", "/Item/bulk", { body: values.map(recordOf) }), values.length);
      for (const type of ["TEXT", "DOUBLE", "JSON", "DOUBLE"]) {
        expectStatus(await w.admin("PATCH", "/entities/Item/columns/d", { body: { type } }), 200);
      }
      expect(await storedIn(w)).toEqual(values);
    }));
});

describe("a double is found by", () => {
  it("equality, lists, ranges and the cursor of a sort", () =>
    holds(async (values) => {
      const w = await makeWorkspace(item);
      sentBulk(await w.api("POST", "/Item/bulk", { body: values.map(recordOf) }), values.length);
      const keysOf = async (query: string): Promise<readonly number[]> => {
        const { data } = expectStatus(await w.api("GET", `/Item?fields=key&size=100&${query}`), 200).body;
        return data.map(({ key }: { key: number }) => key);
      };
      for (const [key, value] of values.entries()) {
        const name = key % 2 ? "indexed" : "d";
        const text = encodeURIComponent(value);
        for (const test of [
          `[${name}]=${text}`,
          `[${name}.in]=7,${text}`,
          `[${name}.between]=${text},${text}`,
        ])
          expect(await keysOf(`filter${test}`), test).toEqual([key]);
        const below = values.filter((other) => other < value).length;
        expect(await keysOf(`filter[${name}.lt]=${text}`)).toHaveLength(below);
      }
      const sorted = values.map((_, key) => key).toSorted((a, b) => Number(values[a]) - Number(values[b]));
      for (const sort of ["d", "indexed"]) {
        let path = `/Item?fields=key&size=7&sort=${sort}&cursor=`;
        const found: number[] = [];
        for (;;) {
          const { data, meta } = expectStatus(await w.api("GET", path), 200).body;
          found.push(...data.map(({ key }: { key: number }) => key));
          if (!meta.nextCursor) break;
          path = `/Item?fields=key&size=7&sort=${sort}&cursor=${encodeURIComponent(meta.nextCursor)}`;
        }
        expect(found).toEqual(sorted);
      }
    }));
});
