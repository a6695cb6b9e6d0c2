import { describe, expect, it } from "vitest";
import { expectFailure, expectStatus } from "../support/api.ts";
import { runSql } from "../support/database.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const task = (indexes: readonly object[]) => ({
  name: "Task",
  columns: [
    { name: "status", type: "ENUM", values: ["OPEN", "DONE"], nullable: false, default: "OPEN" },
    { name: "placedAt", type: "INTEGER" },
    { name: "owner", type: "VARCHAR" },
  ],
  indexes,
});

/** The index that a definition creates, as the database has it. */
async function madeIndexes(w: TestWorkspace): Promise<readonly string[]> {
  const rows = await runSql(
    `SELECT m.sql FROM sqlite_master m
      JOIN entities e ON m.tbl_name = 'w' || e.workspace_id || '_' || e.table_name
      JOIN workspaces w ON w.id = e.workspace_id JOIN organizations o ON o.id = w.organization_id
      WHERE o.slug = ? AND w.slug = ? AND m.type = 'index' AND m.sql IS NOT NULL`,
    [w.organization, w.workspace],
  );
  return rows.map(([sql]) => String(sql));
}

const create = (w: TestWorkspace, body: object) => w.api("POST", "/Task", { body });

describe("an index of an entity", () => {
  it("over several fields covers all records, in the order of the fields", async () => {
    const w = await makeWorkspace(task([{ fields: ["status", "placedAt"] }]));
    expect(await madeIndexes(w)).toEqual([
      expect.stringMatching(/^CREATE INDEX "index_\w+" ON "w\d+_tasks" \("status", "placed_at"\)$/),
    ]);
    expect((await w.admin("GET", "/entities/Task")).body.data.indexes).toEqual([
      { fields: ["status", "placedAt"], unique: false },
    ]);
  });

  it("over some records is a partial index", async () => {
    const w = await makeWorkspace(
      task([{ fields: ["owner"], where: { status: "OPEN", placedAt: { gt: 3 } } }]),
    );
    expect(await madeIndexes(w)).toEqual([
      expect.stringMatching(/\("owner"\) WHERE "status" = 'OPEN' AND "placed_at" > 3$/),
    ]);
  });

  it("that is unique over some records is 409 for those only", async () => {
    const w = await makeWorkspace(
      task([{ fields: ["owner", "placedAt"], unique: true, where: { status: "OPEN" } }]),
    );
    expectStatus(await create(w, { owner: "a", placedAt: 1 }), 201);
    expectStatus(await create(w, { owner: "a", placedAt: 1, status: "DONE" }), 201);
    const taken = {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      message: expect.stringContaining("owner"),
    };
    const refused = await create(w, { owner: "a", placedAt: 1 });
    expect(refused.status).toBe(409);
    expect(refused.body.error).toMatchObject(taken);
    const reopened = await w.api("PUT", "/Task/2", { body: { status: "OPEN" } });
    expect(reopened.status).toBe(409);
    expect(reopened.body.error).toMatchObject(taken);
  });

  it("follows renames without a change of its own, and keeps its columns", async () => {
    const w = await makeWorkspace(
      task([{ fields: ["owner"], unique: true, where: { status: { in: ["OPEN"] }, placedAt: { gt: 3 } } }]),
    );
    const rename = async (column: string, name: string) =>
      w.admin("PATCH", `/entities/Task/columns/${column}`, { body: { name, columnName: name } });
    expectStatus(await rename("status", "state"), 200);
    expectStatus(await rename("owner", "who"), 200);
    expect((await w.admin("GET", "/entities/Task")).body.data.indexes).toEqual([
      { fields: ["who"], unique: true, where: { state: { in: ["OPEN"] }, placedAt: { gt: 3 } } },
    ]);
    const log = (await w.admin("GET", "/schema/changes?size=2")).body.data;
    expect(
      log.flatMap(({ changes }: { changes: { kind: string }[] }) => changes.map(({ kind }) => kind)),
    ).toEqual(["RENAME_COLUMN", "ALTER_COLUMN", "RENAME_COLUMN", "ALTER_COLUMN"]);
    expectStatus(await create(w, { who: "a", placedAt: 4 }), 201);
    expect((await create(w, { who: "a", placedAt: 4 })).status).toBe(409);
    expectStatus(await create(w, { who: "a", placedAt: 3 }), 201);
    const dropped = await w.admin("DELETE", "/entities/Task/columns/who?confirm=who");
    expect(expectStatus(dropped, 422).body.error.details).toEqual([
      { field: "indexes[0].fields[0]", message: "'who' is not a field of this entity" },
    ]);
  });

  it("that is unique is refused while records share its values, and can be added and removed alone", async () => {
    const w = await makeWorkspace(task([]));
    expectStatus(await create(w, { owner: "a" }), 201);
    expectStatus(await create(w, { owner: "a" }), 201);
    expectStatus(await create(w, { owner: "b", status: "DONE" }), 201);
    expectStatus(await create(w, { owner: "b", status: "DONE" }), 201);
    const patch = (indexes: readonly object[]) => w.admin("PATCH", "/entities/Task", { body: { indexes } });
    expectFailure(await patch([{ fields: ["owner"], unique: true, where: { status: "OPEN" } }]), 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 1 error(s)",
      details: [{ field: "owner", message: "2 existing records share the same owner (ids: 1, 2)" }],
    });
    expectStatus(await w.api("DELETE", "/Task/2"), 204);
    expectStatus(await patch([{ fields: ["owner"], unique: true, where: { status: "OPEN" } }]), 200);
    expect((await create(w, { owner: "a" })).status).toBe(409);
    expect(expectStatus(await patch([]), 200).body.data).not.toHaveProperty("indexes");
    expectStatus(await create(w, { owner: "a" }), 201);
  });

  it("is refused with every problem", async () => {
    const w = await makeWorkspace();
    const details = async (index: object) =>
      expectStatus(await w.admin("POST", "/entities", { body: task([index]) }), 422).body.error.details;
    expect(await details({ fields: ["nothing"] })).toEqual([
      { field: "indexes[0].fields[0]", message: "'nothing' is not a field of this entity" },
    ]);
    expect(await details({ fields: ["owner", "owner"] })).toEqual([
      { field: "indexes[0].fields", message: "must not repeat a field" },
    ]);
    expect(await details({ fields: ["owner"], where: { status: "LOST" } })).toMatchObject([
      { field: "indexes[0].where.status" },
    ]);
    expect(await details({ fields: ["owner"], where: { owner: { like: "x" } } })).toEqual([
      {
        field: "indexes[0].where.owner",
        message: "takes only the operators eq, neq, gt, gte, lt, lte, in, isNull, isNotNull",
      },
    ]);
  });
});
