import { beforeEach, describe, expect, it } from "vitest";
import { expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const team = { name: "Team", columns: [{ name: "name", type: "VARCHAR", unique: true }] };
const task = {
  name: "Task",
  columns: [
    { name: "title", type: "VARCHAR", nullable: false },
    { name: "status", type: "ENUM", values: ["NEW", "DONE"], default: "NEW", indexed: true },
    { name: "effort", type: "INTEGER", default: 3, constraints: [{ type: "MIN", value: 0 }] },
    { name: "code", type: "VARCHAR", unique: true },
    { name: "teamId", references: { entity: "Team", relationship: "team", onDelete: "RESTRICT" } },
  ],
};

let workspace: TestWorkspace;
const api: TestWorkspace["api"] = (...call) => workspace.api(...call);
const statuses = async () =>
  (await api("GET", "/Task?sort=id")).body.data.map(({ status }: { status: string }) => status);
const messageOf = async (method: string, path: string, body?: unknown, status = 400) =>
  expectStatus(await api(method, path, body === undefined ? {} : { body }), status).body.error.message;

beforeEach(async () => {
  workspace = await makeWorkspace(team, task);
  await api("POST", "/Team/bulk", { body: [{ name: "red" }, { name: "blue" }] });
  const tasks = Array.from({ length: 6 }, (_, i) => ({ title: `t${i}`, effort: i, teamId: 1 + (i % 2) }));
  await api("POST", "/Task/bulk", { body: tasks });
});

describe("a write by filter", () => {
  it("changes every record that matches, through relationships too, and no other", async () => {
    const { body } = await api("PATCH", "/Task?filter[team.name]=red&filter[effort.lt]=4&maxAffected=10", {
      body: { status: "DONE" },
    });
    expect(body).toEqual({ affected: 2 });
    expect(await statuses()).toEqual(["DONE", "NEW", "DONE", "NEW", "NEW", "NEW"]);
  });

  it("returns the records when they are preferred", async () => {
    const answer = await api("PATCH", "/Task?filter[effort.gte]=4&maxAffected=10", {
      body: { effort: { $increment: 1 } },
      headers: { Prefer: "return=representation" },
    });
    expect(answer.body).toMatchObject({ affected: 2, data: [{ effort: 5 }, { effort: 6 }] });
    const deleted = await api("DELETE", "/Task?filter[effort.gte]=6&maxAffected=10", {
      headers: { Prefer: "return=representation" },
    });
    expect(deleted.body).toMatchObject({ affected: 1, data: [{ title: "t5" }] });
  });

  it("deletes every record that matches", async () => {
    expect((await api("DELETE", "/Task?filter[status]=NEW&maxAffected=6")).body).toEqual({ affected: 6 });
    expect((await api("GET", "/Task")).body.meta.totalElements).toBe(0);
  });

  it("writes nothing when more records match than it may change", async () => {
    const path = "/Task?filter[status]=NEW&maxAffected=5";
    expect(await messageOf("PATCH", path, { status: "DONE" })).toBe("The filter matches more than 5 records");
    expect(await messageOf("DELETE", path)).toBe("The filter matches more than 5 records");
    expect(await messageOf("DELETE", `${path}&dryRun=true`)).toBe("The filter matches more than 5 records");
    expect(await statuses()).toEqual(Array(6).fill("NEW"));
  });

  it("only counts in a dry run", async () => {
    const path = "/Task?filter[effort.gt]=2&maxAffected=5&dryRun=true";
    expect((await api("PATCH", path, { body: { status: "DONE" } })).body).toEqual({ affected: 3 });
    expect((await api("DELETE", path)).body).toEqual({ affected: 3 });
    expect(await statuses()).toEqual(Array(6).fill("NEW"));
  });

  it("needs a filter, a bound and a change", async () => {
    expect(await messageOf("DELETE", "/Task?maxAffected=5")).toBe(
      "A write without an id needs a filter, such as filter[status]=NEW",
    );
    expect(await messageOf("DELETE", "/Task?filter={}&maxAffected=5")).toBe(
      "A write without an id needs a filter, such as filter[status]=NEW",
    );
    expect(await messageOf("DELETE", "/Task?filter[status]=NEW")).toBe(
      "A write by filter needs maxAffected, the most records that it may change",
    );
    for (const most of ["0", "1001", "1.5", "x"])
      expect(await messageOf("DELETE", `/Task?filter[status]=NEW&maxAffected=${most}`)).toBe(
        `Invalid maxAffected '${most}' — must be an integer between 1 and 1000`,
      );
    expect(await messageOf("PATCH", "/Task?filter[status]=NEW&maxAffected=9", {})).toBe(
      "Request body must change at least one field",
    );
    expect(await messageOf("DELETE", "/Task?filter[statu]=NEW&maxAffected=9")).toContain(
      "did you mean 'status'",
    );
    expect(await messageOf("DELETE", "/Task?filter[status]=NEW&maxAffected=9&size=3")).toContain(
      "Unknown parameter 'size'",
    );
  });

  it("is all or nothing when one record is refused", async () => {
    const many = "/Task?filter[status]=NEW&maxAffected=9";
    expect(await messageOf("PATCH", many, { effort: { $increment: -1 } }, 422)).toBe(
      "Validation failed: 1 error(s)",
    );
    expect(await messageOf("PATCH", many, { id: 5 }, 422)).toBe("Validation failed: 1 error(s)");
    expect(await messageOf("PATCH", many, { code: "x" }, 409)).toBe("A record with code 'x' already exists");
    expect(await messageOf("PATCH", many, { teamId: { $by: { name: "green" } } })).toBe(
      "Referenced team {name: 'green'} does not exist in teams",
    );
    expect(await messageOf("PATCH", many, { teamId: 99 })).toBe(
      "Referenced team_id '99' does not exist in teams",
    );
    expect(await messageOf("DELETE", "/Team?filter[name.in]=red,blue&maxAffected=9")).toBe(
      "A matching record is still referenced by tasks.team_id",
    );
    const { body } = await api("GET", "/Task?sort=id");
    expect(body.data.map(({ effort }: { effort: number }) => effort)).toEqual([0, 1, 2, 3, 4, 5]);
    expect((await api("GET", "/Team")).body.meta.totalElements).toBe(2);
  });

  it("is done once under an Idempotency-Key, and replays how many records it changed", async () => {
    const path = "/Task?filter[effort.lte]=2&maxAffected=9";
    const headers = { "Idempotency-Key": "raise", Prefer: "return=representation" };
    const body = { effort: { $increment: 1 } };
    const first = await api("PATCH", path, { body, headers });
    const second = await api("PATCH", path, { body, headers });
    expect([first.body, second.body]).toEqual([{ affected: 3 }, { affected: 3 }]);
    expect(second.headers.get("Idempotent-Replayed")).toBe("true");
    const efforts = (await api("GET", "/Task?sort=id")).body.data.map(
      (one: { effort: number }) => one.effort,
    );
    expect(efforts).toEqual([1, 2, 3, 3, 4, 5]);
  });

  it("changes only what the key's rules let it see, and nothing that would leave them", async () => {
    const { key: token } = await workspace.createKey({
      scopes: [{ entity: "Task", operations: ["read", "update", "delete"], filter: { effort: { lt: 3 } } }],
    });
    const answer = await api("PATCH", "/Task?filter[status]=NEW&maxAffected=9", {
      body: { title: "mine" },
      token,
    });
    expect(expectStatus(answer, 200).body).toEqual({ affected: 3 });
    const leaving = await api("PATCH", "/Task?filter[effort]=2&maxAffected=9", {
      body: { effort: { $increment: 1 } },
      token,
    });
    expect(expectStatus(leaving, 403).body.error.message).toBe(
      "This API key is not allowed to update this Task",
    );
    const deleted = await api("DELETE", "/Task?filter[status]=NEW&maxAffected=9", { token });
    expect(deleted.body).toEqual({ affected: 3 });
    expect(await statuses()).toHaveLength(3);
  });

  it("refuses a read-only key and If-Match", async () => {
    const { key: token } = await workspace.createKey({ permission: "READ_ONLY" });
    const path = "/Task?filter[status]=NEW&maxAffected=9";
    expectStatus(await api("DELETE", path, { token }), 403);
    expectStatus(await api("DELETE", path, { headers: { "If-Match": '"1"' } }), 400);
  });
});

it("POST …/bulk/delete deletes what DELETE …/bulk does, for proxies that drop its body", async () => {
  const { body } = await api("POST", "/Task/bulk/delete", { body: [1, 99, 2] });
  expect(body).toMatchObject({ succeeded: 2, failed: 1, errors: [{ index: 1 }] });
});
