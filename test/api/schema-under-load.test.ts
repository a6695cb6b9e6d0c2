import { describe, expect, it } from "vitest";
import { type Answer, expectStatus } from "../support/api.ts";
import { makeWorkspace } from "../support/workspace.ts";

/*
 * Requests while the schema changes see the old schema or the new one, or must retry. They never see anything in
 * between.
 */

const item = {
  name: "Item",
  columns: [
    { name: "code", type: "INTEGER", nullable: false },
    { name: "note", type: "VARCHAR" },
  ],
};
const RECORDS = 2_000;
/** How many forms the column takes, one after the other. */
const CHANGES: readonly (readonly [string, object, unknown])[] = [
  ["code", { type: "VARCHAR", length: 20 }, "string"],
  ["code", { type: "DECIMAL", precision: 10, scale: 2, constraints: [{ type: "MIN", value: 0 }] }, "number"],
  ["code", { type: "VARCHAR", length: 30, constraints: [{ type: "PATTERN", value: "^[0-9]+$" }] }, "string"],
  ["code", { type: "BIGINT", constraints: [] }, "string"],
  ["code", { type: "INTEGER", unique: false }, "number"],
];

describe("requests while the schema changes", () => {
  it("see one schema or the other, or 503 with Retry-After, and lose no write", async () => {
    const w = await makeWorkspace(item);
    for (let start = 0; start < RECORDS; start += 100) {
      const body = Array.from({ length: 100 }, (_, i) => ({ code: start + i, note: "n" }));
      expectStatus(await w.api("POST", "/Item/bulk", { body }), 200);
    }
    let isChanging = true;
    const odd: string[] = [];
    const acknowledged = new Map<number, string>();
    const judge = (answer: Answer, expected: readonly number[]) => {
      const isRefused = answer.status === 503 && answer.body.error.code === "SCHEMA_MIGRATION_IN_PROGRESS";
      if (isRefused && answer.headers.get("Retry-After") === "1") return;
      if (!expected.includes(answer.status)) odd.push(`${answer.status} ${answer.text}`);
    };
    const reading = async () => {
      while (isChanging) {
        const answer = await w.api("GET", "/Item?size=50&sort=code,desc");
        judge(answer, [200]);
        const types = new Set((answer.body.data ?? []).map(({ code }: { code: unknown }) => typeof code));
        if (types.size > 1) odd.push(`types ${[...types]}`);
      }
    };
    const writing = async (id: number) => {
      for (let i = 0; isChanging; i++) {
        const note = `${id}-${i}`;
        const answer = await w.api("PUT", `/Item/${id}`, { body: { note } });
        judge(answer, [200]);
        if (answer.status === 200) acknowledged.set(id, note);
      }
    };
    const clients = [reading(), reading(), writing(1), writing(2), writing(3)];
    for (const [column, body, type] of CHANGES) {
      expectStatus(await w.admin("PATCH", `/entities/Item/columns/${column}`, { body }), 200);
      const { data } = (await w.api("GET", "/Item/7")).body;
      expect(typeof data.code).toBe(type);
    }
    isChanging = false;
    await Promise.all(clients);
    expect(odd).toEqual([]);
    for (const [id, note] of acknowledged)
      expect((await w.api("GET", `/Item/${id}`)).body.data.note).toBe(note);
    expect((await w.api("GET", "/Item")).body.meta.totalElements).toBe(RECORDS);
  });

  it("change it one after the other without losing an acknowledged column", async () => {
    const w = await makeWorkspace(item);
    const names = Array.from({ length: 12 }, (_, i) => `extra${i}`);
    const answers = await Promise.all(
      names.map((name) => w.admin("POST", "/entities/Item/columns", { body: { name, type: "TEXT" } })),
    );
    const added = names.filter((_, i) => answers[i]?.status === 201);
    expect(new Set(answers.map(({ status }) => status))).toEqual(
      added.length === names.length ? new Set([201]) : new Set([201, 503]),
    );
    const { columns } = (await w.admin("GET", "/entities/Item")).body.data;
    const present = columns.map(({ name }: { name: string }) => name).slice(2);
    expect(present.sort()).toEqual(added.sort());
    expect((await w.admin("GET", "")).body.data.schemaVersion).toBe(1 + added.length);
  });
});
