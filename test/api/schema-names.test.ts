import { describe, expect, it } from "vitest";
import { expectFailure, expectStatus } from "../support/api.ts";
import { database } from "../support/database.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/* Indexes and triggers have names too, which no names of a schema can make clash. */

const setNull = { references: { entity: "A", relationship: "p", onDelete: "SET_NULL" } };
const A = { name: "A", tableName: "a", columns: [{ name: "x", columnName: "b__version_c", ...setNull }] };
const B = { name: "B", tableName: "a__version_b", columns: [{ name: "c", ...setNull }] };

const PAIR = { type: "UNIQUE_COMPOSITE", fields: ["a", "b"] };
const TWIN = {
  name: "Item",
  columns: [
    { name: "a", type: "INTEGER" },
    { name: "b", type: "INTEGER" },
  ],
};
const refusal = (field: string) => ({
  code: "VALIDATION_ERROR",
  message: "Validation failed: 1 error(s)",
  details: [{ field, message: "repeats constraints[0]" }],
});

/** Whether a SET NULL still counts as a write, and the count is still that of the table. */
async function expectTriggers(w: TestWorkspace, entity: string, field: string): Promise<void> {
  const parent = expectStatus(await w.api("POST", "/A", { body: {} }), 201).body.data.id;
  const made = expectStatus(await w.api("POST", `/${entity}`, { body: { [field]: parent } }), 201);
  const path = `/${entity}/${made.body.data.id}`;
  const before = (await w.api("GET", path)).headers.get("ETag");
  expectStatus(await w.api("DELETE", `/A/${parent}`), 204);
  const after = expectStatus(await w.api("GET", path), 200);
  expect(after.body.data[field]).toBeNull();
  expect(after.headers.get("ETag")).not.toBe(before);
  const { data, meta } = (await w.api("GET", `/${entity}?size=100`)).body;
  expect(meta.totalElements).toBe(data.length);
}

describe("names of triggers", () => {
  it("do not clash, whatever tables and columns are called", async () => {
    const w = await makeWorkspace();
    expectStatus(await w.admin("PUT", "/schema", { body: { entities: [A, B] } }), 200);
    await expectTriggers(w, "A", "x");
    await expectTriggers(w, "B", "c");
  });

  it("may be those of before: a change replaces them, and no other table's", async () => {
    const w = await makeWorkspace();
    const plain = { ...A, columns: [{ name: "y", type: "TEXT" }] };
    expectStatus(await w.admin("PUT", "/schema", { body: { entities: [plain, B] } }), 200);
    await nameTriggersAsBefore(w);
    const { entities } = (await w.admin("GET", "/schema")).body.data;
    const put = (first: object) =>
      w.admin("PUT", "/schema?allow=lossy", {
        body: { entities: [{ id: entities[0].id, ...first }, entities[1]] },
      });
    expectStatus(await put(A), 200);
    await expectTriggers(w, "A", "x");
    await expectTriggers(w, "B", "c");
    expectStatus(await put({ ...A, columns: [] }), 200);
    await expectTriggers(w, "B", "c");
    expectStatus(await w.admin("DELETE", "/entities/B/columns/c?confirm=c"), 204);
    expect((await triggersOf(w)).map(([name]) => String(name).replace(/^w\d+_/, "")).sort()).toEqual([
      "a.count_delete",
      "a.count_insert",
      "a__version_b.count_delete",
      "a__version_b.count_insert",
    ]);
  });
});

describe("a UNIQUE_COMPOSITE", () => {
  it("stands once: a second one over the same fields is refused, everywhere", async () => {
    const w = await makeWorkspace();
    const twins = { ...TWIN, constraints: [PAIR, PAIR] };
    expectFailure(await w.admin("POST", "/entities", { body: twins }), 422, refusal("constraints[1].fields"));
    expectFailure(
      await w.admin("PUT", "/schema", { body: { entities: [twins] } }),
      422,
      refusal("entities[0].constraints[1].fields"),
    );
    const other = { ...PAIR, fields: ["b", "a"] };
    await w.define({ ...TWIN, constraints: [PAIR, other] });
    expectFailure(
      await w.admin("PATCH", "/entities/Item", { body: { constraints: [PAIR, other, PAIR] } }),
      422,
      refusal("constraints[2].fields"),
    );
  });
});

async function triggersOf({ organization, workspace }: TestWorkspace) {
  const prefix = `'w' || (SELECT w.id FROM workspaces w JOIN organizations o ON o.id = w.organization_id WHERE o.slug = ? AND w.slug = ?) || '_*'`;
  const sql = `SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name GLOB ${prefix}`;
  const [rows = []] = await database.read([{ sql, args: [organization, workspace] }]);
  return rows;
}

/** As databases have them that were made when a name was table, two underscores and purpose. */
async function nameTriggersAsBefore(w: TestWorkspace): Promise<void> {
  const triggers = await triggersOf(w);
  await database.write(
    triggers.flatMap(([name, sql]) => {
      const old = String(name).replace(".", "__");
      return [
        { sql: `DROP TRIGGER "${name}"`, args: [] },
        { sql: String(sql).replace(`"${name}"`, `"${old}"`), args: [] },
      ];
    }),
  );
}
