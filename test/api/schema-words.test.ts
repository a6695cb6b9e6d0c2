import { beforeAll, describe, expect, it } from "vitest";
import { expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

let w: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace(
    {
      name: "Author",
      description: "Who writes.",
      columns: [
        { name: "email", type: "VARCHAR", description: "Where bills go.", constraints: [{ type: "EMAIL" }] },
      ],
    },
    {
      name: "Book",
      columns: [
        { name: "genre", type: "ENUM", values: ["A", "B"], description: "The shelf." },
        {
          name: "authorId",
          references: { entity: "Author", relationship: "author", description: "Its first author." },
        },
      ],
    },
  );
});

describe("descriptions", () => {
  it("are shown in the definition, the workspace description and MCP", async () => {
    const author = (await w.admin("GET", "/entities/Author")).body.data;
    expect(author).toMatchObject({
      description: "Who writes.",
      columns: [{ description: "Where bills go." }],
    });
    const { entities } = expectStatus(await w.api("GET", ""), 200).body.data;
    expect(entities[0]).toMatchObject({ name: "Author", description: "Who writes." });
    expect(entities[0].columns[1]).toMatchObject({ name: "email", description: "Where bills go." });
    expect(entities[1].relationships).toEqual([
      { name: "author", kind: "TO_ONE", entity: "Author", description: "Its first author." },
    ]);
  });

  it("are shown in the OpenAPI document, in front of the rules", async () => {
    const { tags, components } = expectStatus(await w.api("GET", "/openapi.json"), 200).body;
    const { Author, Book } = components.schemas;
    expect(tags).toContainEqual({ name: "Author", description: "Who writes." });
    expect(tags).toContainEqual({ name: "Book", description: "Records of Book." });
    expect(Author.description).toMatch(/^Who writes\.\n\nAll fields/);
    expect(Author.properties.email.description).toMatch(/^Where bills go\./);
    expect(Book.properties.genre.description).toBe("The shelf.");
    expect(Book.properties.author.description).toBe("Its first author.");
  });

  it("can change without touching records, and null removes them", async () => {
    const patch = (path: string, body: object) => w.admin("PATCH", `/entities/Author${path}`, { body });
    const changed = expectStatus(await patch("", { description: "Writers." }), 200).body.data;
    expect(changed.description).toBe("Writers.");
    expect(expectStatus(await patch("", { description: null }), 200).body.data).not.toHaveProperty(
      "description",
    );
    const column = await patch("/columns/email", { description: null });
    expect(expectStatus(column, 200).body.data).not.toHaveProperty("description");
    const log = (await w.admin("GET", "/schema/changes?size=3")).body.data;
    expect(log.map(({ changes }: { changes: object[] }) => changes)).toMatchObject([
      [{ kind: "ALTER_COLUMN", column: "email", properties: ["description"] }],
      [{ kind: "CHANGE_SETTINGS", properties: ["description"] }],
      [{ kind: "CHANGE_SETTINGS", properties: ["description"] }],
    ]);
  });

  it("have at most 1,000 characters", async () => {
    const post = (description: unknown) =>
      w.admin("POST", "/entities", { body: { name: "Long", description, columns: [] } });
    const refused = expectStatus(await post("x".repeat(1001)), 422);
    expect(refused.body.error.details).toEqual([
      { field: "description", message: "must be at most 1000 characters" },
    ]);
    expectStatus(await post("\u0000"), 422);
    expectStatus(await post("x".repeat(1000)), 201);
  });
});

describe("previous names", () => {
  const put = async (v: TestWorkspace, entities: readonly object[], rest: object = {}) =>
    expectStatus(await v.admin("PUT", "/schema", { body: { entities, ...rest } }), 200).body.data.changes;

  it("rename only where the old name exists and the new one does not", async () => {
    const v = await makeWorkspace({ name: "Item", columns: [{ name: "stock", type: "INTEGER" }] });
    expectStatus(await v.api("POST", "/Item", { body: { stock: 7 } }), 201);
    const next = (name: string) => [
      {
        name: "Article",
        previousNames: ["Item"],
        columns: [{ name, type: "INTEGER", previousNames: ["stock"] }],
      },
    ];
    expect(await put(v, next("quantity"))).toMatchObject([
      { kind: "RENAME_ENTITY", entity: "Article", from: "Item", risk: "SAFE" },
      { kind: "RENAME_COLUMN", column: "quantity", from: "stock", risk: "SAFE" },
      { kind: "ALTER_COLUMN", properties: ["previousNames"] },
      { kind: "CHANGE_SETTINGS", properties: ["previousNames"] },
    ]);
    expect(await put(v, next("quantity"))).toEqual([]);
    expect((await v.api("GET", "/Article/1")).body.data).toEqual({ id: 1, quantity: 7 });
    const pulled = (await v.admin("GET", "/schema")).body.data;
    expect(await put(v, pulled.entities, { deployment: pulled.deployment, version: 1 })).toEqual([]);
  });

  it("follow one another in a chain", async () => {
    const v = await makeWorkspace({
      name: "Item",
      columns: [
        { name: "b", type: "INTEGER" },
        { name: "c", type: "INTEGER" },
      ],
    });
    expectStatus(await v.api("POST", "/Item", { body: { b: 1, c: 2 } }), 201);
    const columns = [
      { name: "a", type: "INTEGER", previousNames: ["b"] },
      { name: "b", type: "INTEGER", previousNames: ["c"] },
    ];
    await put(v, [{ name: "Item", columns }]);
    expect((await v.api("GET", "/Item/1")).body.data).toEqual({ id: 1, a: 1, b: 2 });
    expect(await put(v, [{ name: "Item", columns }])).toEqual([]);
  });

  it("grow with each rename by PATCH, so that the pulled document renames in another deployment", async () => {
    const item = { name: "Item", columns: [{ name: "stock", type: "INTEGER" }] };
    const [staging, production] = [await makeWorkspace(item), await makeWorkspace(item)];
    expectStatus(await production.api("POST", "/Item", { body: { stock: 7 } }), 201);
    const patch = async (path: string, body: object) =>
      expectStatus(await staging.admin("PATCH", `/entities${path}`, { body }), 200).body.data;
    const amount = await patch("/Item/columns/stock", { name: "amount" });
    expect(amount.previousNames).toEqual(["stock"]);
    const quantity = await patch("/Item/columns/amount", { name: "quantity", description: "How many." });
    expect(quantity.previousNames).toEqual(["amount", "stock"]);
    expect((await patch("/Item", { name: "Article" })).previousNames).toEqual(["Item"]);
    const pulled = (await staging.admin("GET", "/schema")).body.data;
    const changes = await put(production, pulled.entities, { deployment: "dep_other" });
    expect(changes).toMatchObject([
      { kind: "RENAME_ENTITY", entity: "Article", from: "Item" },
      { kind: "RENAME_COLUMN", column: "quantity", from: "stock" },
      { kind: "ALTER_COLUMN", properties: expect.arrayContaining(["previousNames"]) },
      { kind: "CHANGE_SETTINGS", properties: ["previousNames"] },
    ]);
    expect((await production.api("GET", "/Article/1")).body.data).toEqual({ id: 1, quantity: 7 });
    expect(await put(production, pulled.entities, { deployment: "dep_other" })).toEqual([]);
  });

  it("of a PATCH are those that it sends, and never the present name", async () => {
    const v = await makeWorkspace({ name: "Item", columns: [{ name: "a", type: "INTEGER" }] });
    const patch = async (path: string, body: object) =>
      expectStatus(await v.admin("PATCH", `/entities${path}`, { body }), 200).body.data;
    await patch("/Item/columns/a", { name: "b" });
    expect((await patch("/Item/columns/b", { name: "a" })).previousNames).toEqual(["b"]);
    const sent = await patch("/Item/columns/a", { name: "c", previousNames: ["x"] });
    expect(sent.previousNames).toEqual(["x"]);
    expect(await patch("/Item/columns/c", { name: "d", previousNames: null })).not.toHaveProperty(
      "previousNames",
    );
    expect(await patch("/Item", { name: "Other", previousNames: null })).not.toHaveProperty("previousNames");
  });

  it("are not shown to holders of keys", async () => {
    const v = await makeWorkspace({
      name: "Item",
      previousNames: ["Secret"],
      columns: [{ name: "a", type: "INTEGER", previousNames: ["b"] }],
    });
    expect((await v.api("GET", "")).text).not.toMatch(/previousNames|Secret/);
  });
});
