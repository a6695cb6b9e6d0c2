import { beforeEach, describe, expect, it } from "vitest";
import { expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/* Keys that may write fields that the server sets otherwise, for records from another system. */

const THEN = "2001-02-03T04:05:06.000Z";
const LATER = "2002-02-03T04:05:06.000Z";
const READ_ONLY = {
  code: "VALIDATION_ERROR",
  details: [{ field: "createdAt", message: "is read-only" }],
};

let w: TestWorkspace;

beforeEach(async () => {
  w = await makeWorkspace({
    name: "Note",
    columns: [
      { name: "code", type: "VARCHAR", unique: true },
      { name: "createdAt", type: "DATETIME", autoSet: "INSERT" },
      { name: "updatedAt", type: "DATETIME", autoSet: "UPDATE" },
    ],
  });
});

const permit = async (mayWriteTimestamps: boolean) =>
  expectStatus(await w.admin("PATCH", `/api-keys/${w.keyId}`, { body: { mayWriteTimestamps } }), 200);

describe("a key that may write timestamps", () => {
  it("has its values stored in every form of write", async () => {
    await permit(true);
    const record = (code: string) => ({ code, createdAt: THEN, updatedAt: LATER });
    expectStatus(await w.api("POST", "/Note", { body: record("a") }), 201);
    expectStatus(await w.api("POST", "/Note/bulk", { body: [record("b")] }), 200);
    expectStatus(await w.api("PUT", "/Note/bulk?upsertBy=code", { body: [record("c"), record("b")] }), 200);
    const operations = [{ method: "POST", entity: "Note", body: record("d") }];
    expectStatus(await w.api("POST", "/transaction", { body: { operations } }), 200);
    const listed = expectStatus(await w.api("GET", "/Note?fields=code,createdAt,updatedAt"), 200);
    expect(listed.body.data).toEqual(["a", "b", "c", "d"].map(record));

    expectStatus(await w.api("PATCH", "/Note/1", { body: { createdAt: LATER, updatedAt: THEN } }), 200);
    expect(expectStatus(await w.api("GET", "/Note/1"), 200).body.data).toEqual({
      id: 1,
      code: "a",
      createdAt: LATER,
      updatedAt: THEN,
    });
  });

  it("lets the server set absent and null fields", async () => {
    await permit(true);
    const made = expectStatus(await w.api("POST", "/Note", { body: { code: "a", createdAt: null } }), 201);
    const { createdAt, updatedAt } = made.body.data;
    expect(createdAt).toBe(updatedAt);
    expect(createdAt > LATER).toBe(true);
    const bad = await w.api("POST", "/Note", { body: { createdAt: "yesterday" } });
    expectStatus(bad, 422);
  });

  it("is shown as such, and loses the right from the next request on", async () => {
    expect(
      expectStatus(await w.api("POST", "/Note", { body: { createdAt: THEN } }), 422).body.error,
    ).toMatchObject(READ_ONLY);
    await permit(true);
    expect(expectStatus(await w.admin("GET", `/api-keys/${w.keyId}`), 200).body.data).toMatchObject({
      mayWriteTimestamps: true,
    });
    expectStatus(await w.api("POST", "/Note", { body: { createdAt: THEN } }), 201);
    await permit(false);
    expect(expectStatus(await w.admin("GET", `/api-keys/${w.keyId}`), 200).body.data).not.toHaveProperty(
      "mayWriteTimestamps",
    );
    expect(
      expectStatus(await w.api("POST", "/Note", { body: { createdAt: THEN } }), 422).body.error,
    ).toMatchObject(READ_ONLY);
  });

  it("can be created with the right", async () => {
    const body = { name: "importer", permission: "READ_WRITE", mayWriteTimestamps: true };
    expect(expectStatus(await w.admin("POST", "/api-keys", { body }), 201).body.data).toMatchObject({
      mayWriteTimestamps: true,
    });
    expectStatus(await w.admin("POST", "/api-keys", { body: { ...body, mayWriteTimestamps: "yes" } }), 422);
  });
});
