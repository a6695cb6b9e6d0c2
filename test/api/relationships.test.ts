import { beforeAll, describe, expect, it } from "vitest";
import { askCounted, expectFailure, expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const named = (name: string) => ({ name, columns: [{ name: "name", type: "VARCHAR", nullable: false }] });
const to = (entity: string, relationship: string, inverse: string) => ({
  name: `${relationship}Id`,
  nullable: false,
  references: { entity, relationship, inverse, onDelete: "CASCADE" },
});
const tags = { name: "tags", type: "MANY_TO_MANY", through: "Tagging", source: "postId", target: "tagId" };

let w: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace(named("Post"), named("Tag"), {
    name: "Tagging",
    columns: [to("Post", "post", "taggings"), to("Tag", "tag", "taggings")],
  });
  expectStatus(await w.admin("PATCH", "/entities/Post", { body: { relationships: [tags] } }), 200);
  for (const name of ["one", "two"]) expectStatus(await w.api("POST", "/Post", { body: { name } }), 201);
  for (const name of ["red", "blue", "unused"])
    expectStatus(await w.api("POST", "/Tag", { body: { name } }), 201);
  for (const [postId, tagId] of [
    [1, 2],
    [1, 1],
    [2, 2],
  ]) {
    expectStatus(await w.api("POST", "/Tagging", { body: { postId, tagId } }), 201);
  }
});

describe("many-to-many relationships", () => {
  it("can be expanded and filtered, in one round trip, and are described", async () => {
    const path = `${w.apiPath}/Post?expand=tags&fields=name,tags.name`;
    expectStatus(await w.api("GET", "/Post"), 200);
    const { answer, roundTrips } = await askCounted("GET", path, { token: w.key });
    expect(answer.body.data).toEqual([
      { name: "one", tags: [{ name: "red" }, { name: "blue" }] },
      { name: "two", tags: [{ name: "blue" }] },
    ]);
    expect(roundTrips).toBe(1);
    const filtered = await w.api("GET", "/Post?filter[tags.name]=red&fields=name");
    expect(filtered.body.data).toEqual([{ name: "one" }]);
    const described = (await w.api("GET", "")).body.data.entities[0].relationships;
    expect(described).toContainEqual({ name: "tags", kind: "MANY_TO_MANY", entity: "Tag" });
  });

  it("expand further relationships, counted in the same round trip", async () => {
    const fields = "name,taggings.tag.name,taggings.tag.taggings.id";
    const path = `${w.apiPath}/Post?expand=taggings.tag.taggings&fields=${fields}`;
    const { answer, roundTrips } = await askCounted("GET", path, { token: w.key });
    const blue = { tag: { name: "blue", taggings: [{ id: 1 }, { id: 3 }] } };
    expect(answer.body.data).toEqual([
      { name: "one", taggings: [blue, { tag: { name: "red", taggings: [{ id: 2 }] } }] },
      { name: "two", taggings: [blue] },
    ]);
    expect(roundTrips).toBe(1);
  });

  it("never give 304 for an expansion whose records have changed", async () => {
    const first = expectStatus(await w.api("GET", "/Post/2?expand=tags"), 200);
    expectStatus(await w.api("PUT", "/Tag/2", { body: { name: "navy" } }), 200);
    const headers = { "If-None-Match": first.headers.get("ETag") ?? "" };
    const again = expectStatus(await w.api("GET", "/Post/2?expand=tags", { headers }), 200);
    expect(again.body.data.tags).toMatchObject([{ name: "navy" }]);
    expectStatus(await w.api("PUT", "/Tag/2", { body: { name: "blue" } }), 200);
  });

  it("must name a join entity and its two references", async () => {
    const wrong = [
      { ...tags, source: "tagId" },
      { ...tags, name: "more", through: "Nothing" },
    ];
    expectFailure(await w.admin("PATCH", "/entities/Post", { body: { relationships: wrong } }), 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 2 error(s)",
      details: [
        { field: "relationships[0].source", message: "must be a column of Tagging that references Post" },
        { field: "relationships[1].through", message: "Entity not found: Nothing" },
      ],
    });
  });

  it("prevent deleting their join entity", async () => {
    expectFailure(await w.admin("DELETE", "/entities/Tagging?confirm=Tagging"), 400, {
      code: "FOREIGN_KEY_VIOLATION",
      message: "Entity Tagging is still referenced by Post.tags",
    });
  });
});

describe("an entity's name and settings", () => {
  it("change at once; references follow a rename, and data is kept", async () => {
    const own = await makeWorkspace(named("Parent"), {
      name: "Child",
      columns: [to("Parent", "parent", "children")],
    });
    expectStatus(await own.api("POST", "/Parent", { body: { name: "p" } }), 201);
    expectStatus(await own.api("POST", "/Child", { body: { parentId: 1 } }), 201);
    const body = { name: "Elder", settings: { defaultExpand: ["children"] } };
    expectStatus(await own.admin("PATCH", "/entities/Parent", { body }), 200);
    expect((await own.api("GET", "/Parent")).status).toBe(404);
    expect((await own.api("GET", "/Elder/1")).body.data).toEqual({
      id: 1,
      name: "p",
      children: [{ id: 1, parentId: 1 }],
    });
    expect((await own.api("GET", "/Child/1?expand=parent")).body.data.parent).toEqual({ id: 1, name: "p" });
    const { settings, tableName } = (await own.admin("GET", "/entities/Elder")).body.data;
    expect({ settings, tableName }).toEqual({
      tableName: "parents",
      settings: {
        defaultExpand: ["children"],
        defaultFields: null,
        expandableRelationships: null,
        filterableFields: null,
        maxExpandDepth: null,
      },
    });
    const wrong = { defaultExpand: ["children.parent", "nobody"], filterableFields: ["name", "children"] };
    expectFailure(await own.admin("PATCH", "/entities/Elder", { body: { settings: wrong } }), 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 2 error(s)",
      details: [
        { field: "settings.defaultExpand[1]", message: "'nobody' is unknown" },
        { field: "settings.filterableFields[1]", message: "'children' is unknown" },
      ],
    });
    expectFailure(await own.admin("PATCH", "/entities/Elder", { body: { name: "Child" } }), 409, {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      message: "A record with name 'Child' already exists",
    });
  });
});

describe("an entity that refers to itself", () => {
  it.each(["RESTRICT", "CASCADE", "SET_NULL"])(
    "under %s can be deleted with its records, and so can its workspace",
    async (onDelete) => {
      const references = { entity: "Node", relationship: "parent", inverse: "children", onDelete };
      const node = { name: "Node", columns: [{ name: "parentId", references }] };
      const own = await makeWorkspace(node);
      const fill = async () => {
        expectStatus(await own.api("POST", "/Node", { body: {} }), 201);
        expectStatus(await own.api("POST", "/Node", { body: { parentId: 1 } }), 201);
        expectStatus(await own.api("POST", "/Node", { body: { parentId: 2 } }), 201);
      };
      await fill();
      expectStatus(await own.admin("DELETE", "/entities/Node?confirm=Node"), 204);
      await own.define(node);
      await fill();
      expectStatus(await own.admin("DELETE", `?confirm=${own.workspace}`), 204);
    },
  );
});

describe("entities in a circle", () => {
  it.each(["RESTRICT", "CASCADE", "SET_NULL"])(
    "under %s can be dropped with their records, and so can their workspace",
    async (onDelete) => {
      const referTo = (entity: string) => ({
        name: `of${entity}`,
        references: { entity, inverse: null, onDelete },
      });
      const circle = [
        { name: "A", columns: [referTo("C")] },
        { name: "B", columns: [referTo("A"), referTo("B")] },
        { name: "C", columns: [referTo("B")] },
        { name: "Leaf", columns: [referTo("A")] },
      ];
      const own = await makeWorkspace();
      const define = async (entities: readonly object[]) =>
        expectStatus(await own.admin("PUT", "/schema?allow=lossy", { body: { entities } }), 200);
      const fill = async () => {
        for (const entity of ["A", "B", "C", "Leaf"])
          expectStatus(await own.api("POST", `/${entity}`, { body: {} }), 201);
        for (const [path, body] of [
          ["/A/1", { ofC: 1 }],
          ["/B/1", { ofA: 1, ofB: 1 }],
          ["/C/1", { ofB: 1 }],
          ["/Leaf/1", { ofA: 1 }],
        ] as const)
          expectStatus(await own.api("PUT", path, { body }), 200);
      };
      await define(circle);
      await fill();
      await define([]);
      await define(circle);
      await fill();
      expectStatus(await own.admin("DELETE", `?confirm=${own.workspace}`), 204);
    },
  );
});

describe("deleting a record that others refer to", () => {
  const child = (onDelete: string) => ({
    name: "Child",
    tableName: "children",
    columns: [
      {
        name: "parentId",
        references: { entity: "Parent", relationship: "parent", inverse: "children", onDelete },
      },
    ],
  });
  const deleteParent = async (onDelete: string) => {
    const own = await makeWorkspace(named("Parent"), child(onDelete));
    expectStatus(await own.api("POST", "/Parent", { body: { name: "p" } }), 201);
    expectStatus(await own.api("POST", "/Child", { body: { parentId: 1 } }), 201);
    const answer = await own.api("DELETE", "/Parent/1");
    return { own, answer };
  };

  it("under RESTRICT is refused", async () => {
    const { own, answer } = await deleteParent("RESTRICT");
    expectFailure(answer, 400, {
      code: "FOREIGN_KEY_VIOLATION",
      message: "Record 1 is still referenced by children.parent_id",
    });
    expectStatus(await own.api("GET", "/Parent/1"), 200);
  });

  it("under CASCADE deletes them too, and the total is right", async () => {
    const { own, answer } = await deleteParent("CASCADE");
    expectStatus(answer, 204);
    expect((await own.api("GET", "/Child")).body).toMatchObject({ data: [], meta: { totalElements: 0 } });
  });

  it("under SET_NULL is refused if one of them must keep its reference", async () => {
    const kept = await makeWorkspace(named("Parent"), {
      ...child("SET_NULL"),
      columns: [...child("SET_NULL").columns, { name: "status", type: "VARCHAR" }],
      constraints: [
        { type: "CONDITIONAL_REQUIRED", field: "parentId", when: { field: "status", equals: "OPEN" } },
      ],
    });
    expectStatus(await kept.api("POST", "/Parent/bulk", { body: [{ name: "p" }, { name: "q" }] }), 200);
    const body = [
      { parentId: 1, status: "OPEN" },
      { parentId: 2, status: "DONE" },
    ];
    expectStatus(await kept.api("POST", "/Child/bulk", { body }), 200);
    const error = {
      code: "FOREIGN_KEY_VIOLATION",
      message: "Record 1 is still referenced by children.parent_id",
    };
    expectFailure(await kept.api("DELETE", "/Parent/1"), 400, error);
    const bulk = await kept.api("DELETE", "/Parent/bulk", { body: [1, 2] });
    expect(bulk.body).toEqual({ succeeded: 1, failed: 1, errors: [{ index: 0, error }] });
    const children = [
      { parentId: 1, status: "OPEN" },
      { parentId: null, status: "DONE" },
    ];
    expect((await kept.api("GET", "/Child?sort=id")).body.data).toMatchObject(children);
  });

  it("under CASCADE ends at 1,000 levels, with nothing deleted", async () => {
    const parentId = { name: "parentId", references: { entity: "Node", onDelete: "CASCADE" } };
    const tree = await makeWorkspace({ name: "Node", columns: [parentId] });
    for (let first = 1; first <= 1100; first += 100) {
      const body = Array.from({ length: 100 }, (_, i) => ({
        id: first + i,
        parentId: first + i - 1 || null,
      }));
      expectStatus(await tree.api("POST", "/Node/bulk?atomic=true", { body }), 200);
    }
    const error = {
      code: "BAD_REQUEST",
      message: "Record 1 has more than 1,000 levels of records that would be deleted with it",
    };
    expectFailure(await tree.api("DELETE", "/Node/1"), 400, error);
    const bulk = await tree.api("DELETE", "/Node/bulk", { body: [1, 1100] });
    expect(bulk.body).toEqual({ succeeded: 1, failed: 1, errors: [{ index: 0, error }] });
    expect((await tree.api("GET", "/Node?size=1")).body.meta.totalElements).toBe(1099);
    expectStatus(await tree.api("DELETE", "/Node/500"), 204);
    expectStatus(await tree.api("DELETE", "/Node/1"), 204);
  });

  it("under SET_NULL empties their reference, and changes their ETag", async () => {
    const { own, answer } = await deleteParent("SET_NULL");
    expectStatus(answer, 204);
    const emptied = await own.api("GET", "/Child/1");
    expect([emptied.body.data, emptied.headers.get("ETag")]).toEqual([
      { id: 1, parentId: null },
      expect.stringMatching(/^"2-/),
    ]);
    const changed = await own.api("PUT", "/Child/1", { body: { parentId: null } });
    expect(changed.headers.get("ETag")).toMatch(/^"3-/);
  });
});

describe("the deepest expansion", () => {
  it.each([2, 190])("of %i columns works in reads, writes and replays", async (width) => {
    const columns = Array.from({ length: width }, (_, index) => ({ name: `f${index}`, type: "DOUBLE" }));
    const up = { entity: "Node", relationship: "up", inverse: "down", onDelete: "CASCADE" };
    const deep = await makeWorkspace(
      {
        name: "Node",
        columns: [...columns, { name: "upId", references: up }],
        settings: { maxExpandDepth: 5 },
      },
      {
        name: "Link",
        columns: ["from", "to"].map((end) => ({
          name: `${end}Id`,
          references: { entity: "Node", inverse: null, onDelete: "CASCADE" },
        })),
      },
    );
    const linked = { name: "linked", through: "Link", source: "fromId", target: "toId" };
    expectStatus(
      await deep.admin("PATCH", "/entities/Node", {
        body: { relationships: [{ ...linked, type: "MANY_TO_MANY" }] },
      }),
      200,
    );
    const query =
      "expand=up.up.up.up.up,down.down.down.down.down,linked.linked.linked.linked.linked,down.up.down.up.down";
    let answer = await deep.api("POST", "/Node", { body: {} });
    for (let upId = 1; upId <= 5; upId++)
      answer = expectStatus(await deep.api("POST", `/Node?${query}`, { body: { upId, f0: 0.5 } }), 201);
    expect(answer.body.data.up.up.up.up.up).toMatchObject({ id: 1, f0: null, f1: null, upId: null });
    expect(expectStatus(await deep.api("GET", `/Node/6?${query}`), 200).body).toEqual(answer.body);
    const post = () =>
      deep.api("POST", `/Node?${query}`, { body: { upId: 5 }, headers: { "Idempotency-Key": "k" } });
    const posted = expectStatus(await post(), 201);
    expect(expectStatus(await post(), 201).body).toEqual(posted.body);
    const listed = expectStatus(await deep.api("GET", `/Node?${query}&sort=up.up.up.f0&size=1&page=5`), 200);
    expect(listed.body.data).toHaveLength(1);
  });
});
