import { beforeAll, describe, expect, it } from "vitest";
import { askCounted, expectFailure, expectStatus } from "../support/api.ts";
import { customer, order } from "../support/entities.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

let w: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace(customer, order);
});

const documentOf = async (workspace: TestWorkspace) =>
  expectStatus(await workspace.api("GET", "/openapi.json"), 200).body;

describe("the workspace's own document", () => {
  it("describes the current schema", async () => {
    const { info, servers, paths, components } = await documentOf(w);
    expect(info).toMatchObject({ title: `${w.organization}/${w.workspace}`, version: "2" });
    expect(servers).toEqual([{ url: w.apiPath }]);
    expect(Object.keys(paths)).toEqual([
      "/",
      "/openapi.json",
      "/transaction",
      "/me",
      ...["Customer/by/email", "Order/by/orderNumber"].flatMap((byKey) => {
        const [name] = byKey.split("/");
        const own = ["", "/aggregate", "/export", "/bulk", "/bulk/delete", "/{id}"];
        return [...own.map((rest) => `/${name}${rest}`), `/${byKey}/{value}`];
      }),
    ]);
    expect(components.schemas["Order.status"]).toEqual({ type: "string", enum: ["NEW", "PAID", "SHIPPED"] });
    const create = components.schemas["Order-create"];
    expect(create.required).toEqual(["orderNumber", "customerId"]);
    expect(create.properties.orderNumber).toEqual({
      type: "string",
      maxLength: 40,
      not: { type: "string", pattern: "\\x00" },
    });
    expect(create.properties.createdAt).toBeUndefined();
    expect(components.schemas.Order.properties.createdAt).toEqual({
      type: ["string", "null"],
      format: "date-time",
      readOnly: true,
    });
    expect(components.schemas["Customer-filter"].properties).toMatchObject({
      age: { type: "integer" },
      "age.between": { type: "string" },
      "email.startsWith": { type: "string" },
      "vip.isNull": { type: "boolean" },
    });
    expect(components.schemas["Customer-filter"].properties["vip.like"]).toBeUndefined();
  });

  it("has the server's address, and paths relative to it", async () => {
    expectStatus(await w.api("GET", "/"), 200);
    expect((await w.api("GET", "/")).body).toEqual((await w.api("GET", "")).body);
  });

  it("is the same, byte for byte, until the schema changes", async () => {
    const own = await makeWorkspace(customer);
    const first = await own.api("GET", "/openapi.json");
    const tag = first.headers.get("ETag") ?? "";
    expectStatus(await own.admin("PATCH", "", { body: { name: "Renamed" } }), 200);
    expect((await own.api("GET", "/openapi.json")).text).toBe(first.text);
    const asked = { headers: { "If-None-Match": tag } };
    const current = expectStatus(await own.api("GET", "/openapi.json", asked), 304);
    expect(current.text).toBe("");
    expect(current.headers.get("ETag")).toBe(tag);
    await own.define({ name: "Note", columns: [{ name: "text", type: "TEXT" }] });
    const changed = expectStatus(await own.api("GET", "/openapi.json", asked), 200);
    expect(changed.body.paths["/Note"]).toBeDefined();
    expect(changed.headers.get("ETag")).not.toBe(tag);
  });

  it("is built once for each schema version and key's reach, however many ask at once", async () => {
    const own = await makeWorkspace(customer);
    const { key: reader } = await own.createKey({ scopes: [{ entity: "Customer", operations: ["read"] }] });
    const askTogether = async () => {
      const answers = await Promise.all(
        [own.key, reader].flatMap((token) =>
          Array.from({ length: 15 }, () => own.api("GET", "/openapi.json", { token })),
        ),
      );
      const timings = answers.map((answer) => expectStatus(answer, 200).headers.get("Server-Timing") ?? "");
      return ["hit", "miss"].map(
        (result) => timings.filter((each) => each.endsWith(`, cache;desc=${result}`)).length,
      );
    };
    expect(await askTogether()).toEqual([28, 2]);
    expect(await askTogether()).toEqual([30, 0]);
    await own.define({ name: "Note", columns: [{ name: "text", type: "TEXT" }] });
    expect(await askTogether()).toEqual([28, 2]);
  });

  it("costs one round trip, warm", async () => {
    await documentOf(w);
    const { answer, roundTrips } = await askCounted("GET", `${w.apiPath}/openapi.json`, { token: w.key });
    expectStatus(answer, 200);
    expect(roundTrips).toBe(1);
  });

  it("is for holders of a key of the workspace only", async () => {
    const other = await makeWorkspace();
    const invalid = { code: "UNAUTHORIZED", message: "Invalid API key" };
    expectFailure(await w.api("GET", "/openapi.json", { token: undefined }), 401, invalid);
    const foreign = { code: "UNAUTHORIZED", message: "API key is not valid for this workspace" };
    expectFailure(await w.api("GET", "/openapi.json", { token: other.key }), 401, foreign);
    const { id, key } = await w.createKey({ permission: "READ_ONLY" });
    expectStatus(await w.api("GET", "/openapi.json", { token: key }), 200);
    expectStatus(await w.admin("DELETE", `/api-keys/${id}`), 204);
    expectFailure(await w.api("GET", "/openapi.json", { token: key }), 401, invalid);
  });

  it("refuses parameters", async () => {
    const answer = expectStatus(await w.api("GET", "/openapi.json?format=yaml"), 400);
    expect(answer.body.error.message).toContain("Unknown parameter 'format'");
  });
});

describe("the document of a key with scopes", () => {
  it("has only the key's operations, and nothing that it may not read", async () => {
    const own = await makeWorkspace(customer, order);
    const { key } = await own.createKey({ scopes: [{ entity: "Order", operations: ["read", "create"] }] });
    const answer = expectStatus(await own.api("GET", "/openapi.json", { token: key }), 200);
    expect(answer.text).not.toContain("Customer");
    const { paths, components } = answer.body;
    const methods = Object.entries(paths).map(([path, item]) => [path, Object.keys(item as object)]);
    expect(Object.fromEntries(methods)).toMatchObject({
      "/Order": ["get", "post"],
      "/Order/bulk": ["post"],
      "/Order/{id}": ["parameters", "get"],
    });
    expect(components.schemas.Order.properties.customer).toBeUndefined();
    expect(components.schemas["Order-update"]).toBeUndefined();
    expect((await documentOf(own)).paths["/Customer"]).toBeDefined();
  });

  it("has no property, parameter or operation that is always refused to the key", async () => {
    const own = await makeWorkspace(customer, order);
    const scopes = [
      { entity: "Order", operations: ["create"] },
      { entity: "Customer", operations: ["read", "delete"] },
    ];
    const { key } = await own.createKey({ scopes });
    const as = (path: string) => own.api("GET", path, { token: key });
    const { paths, components } = expectStatus(await as("/openapi.json"), 200).body;
    expect(paths["/Customer/{id}"].delete).toBeUndefined();
    expect(JSON.stringify(paths["/Order"].post.parameters)).not.toMatch(/fields|expand/);
    const methods = components.schemas["shared-operation"].oneOf.map(
      ({ properties }: { properties: { method: { enum: string[] } } }) => properties.method.enum,
    );
    expect(methods).toEqual([["POST"]]);

    const writer = await own.createKey({ scopes: [{ entity: "Order", operations: ["read", "create"] }] });
    const { body } = await own.api("GET", "/openapi.json", { token: writer.key });
    expect(body.components.schemas["Order-create"].properties.customerId).toBeUndefined();
    expect(body.components.schemas.Order.properties.customerId).toBeDefined();
    const described = (await own.api("GET", "/", { token: writer.key })).body.data.entities[0].columns;
    expect(described.find(({ name }: { name: string }) => name === "customerId").readOnly).toBe(true);
  });
});
