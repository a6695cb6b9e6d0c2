import { beforeEach, describe, expect, it } from "vitest";
import { expectFailure, expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

let w: TestWorkspace;
beforeEach(async () => {
  w = await makeWorkspace({
    name: "Seat",
    columns: [
      { name: "row", type: "VARCHAR" },
      { name: "place", type: "VARCHAR" },
      { name: "no", type: "INTEGER", unique: true },
      {
        name: "mail",
        type: "VARCHAR",
        length: 3,
        constraints: [{ type: "MIN_LENGTH", value: 5 }, { type: "EMAIL" }],
      },
      { name: "low", type: "VARCHAR" },
      { name: "high", type: "VARCHAR" },
    ],
    constraints: [
      { type: "UNIQUE_COMPOSITE", fields: ["row", "place"] },
      { type: "FIELD_LESS_THAN", field: "low", otherField: "high" },
    ],
  });
  const body = [
    { row: "a", place: "1", no: 1 },
    { row: "b", place: "1", no: 2 },
  ];
  expectStatus(await w.api("POST", "/Seat/bulk", { body }), 200);
});

describe("a combination that is taken", () => {
  const taken = (prefix = "") => ({
    code: "UNIQUE_CONSTRAINT_VIOLATION",
    message: `${prefix}A record with row 'a' and place '1' already exists`,
  });

  it("is named completely, with stored values for fields that are not sent", async () => {
    expectFailure(await w.api("PUT", "/Seat/2", { body: { row: "a" } }), 409, taken());
    const operations = [{ method: "PUT", entity: "Seat", id: 2, body: { row: "a" } }];
    expectFailure(await w.api("POST", "/transaction", { body: { operations } }), 409, taken("Operation 0: "));
    const bulk = (query: string, item: object) => w.api("PUT", `/Seat/bulk${query}`, { body: [item] });
    const errors = [{ index: 0, error: taken() }];
    expect((await bulk("", { id: 2, row: "a" })).body).toEqual({ succeeded: 0, failed: 1, errors });
    expect((await bulk("?upsertBy=no", { no: 2, row: "a" })).body).toEqual({
      succeeded: 0,
      failed: 1,
      errors,
    });
  });
});

describe("a text that is too long", () => {
  it("is reported with all other problems", async () => {
    expectFailure(await w.api("POST", "/Seat", { body: { mail: "abcd" } }), 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 3 error(s)",
      details: [
        { field: "mail", message: "must be at most 3 characters" },
        { field: "mail", message: "must be at least 5 characters" },
        { field: "mail", message: "must be a valid email address" },
      ],
    });
  });
});

describe("texts that are compared", () => {
  it.each([
    ["\uff5e", "\u{1f600}"],
    ["a\u{1f600}", "a\u{1f601}"],
    ["a", "aa"],
    ["\ud7ff", "\ue000"],
  ])("%j is less than %j, sent together or one after the other", async (low, high) => {
    expectStatus(await w.api("POST", "/Seat", { body: { low, high } }), 201);
    expectStatus(await w.api("POST", "/Seat", { body: { low: high, high: low } }), 422);
    expectStatus(await w.api("PUT", "/Seat/1", { body: { low } }), 200);
    expectStatus(await w.api("PUT", "/Seat/1", { body: { high } }), 200);
    expectStatus(await w.api("PUT", "/Seat/2", { body: { high: low } }), 200);
    expectStatus(await w.api("PUT", "/Seat/2", { body: { low: high } }), 422);
  });
});

describe("an id that cannot be one", () => {
  it("is 404, even if the body repeats it", async () => {
    const missing = { code: "NOT_FOUND", message: "Record not found: abc" };
    expectFailure(await w.api("PUT", "/Seat/abc", { body: { id: "abc", no: 3 } }), 404, missing);
    const { body } = await w.api("PUT", "/Seat/bulk", { body: [{ id: "abc", no: 3 }] });
    expect(body.errors).toEqual([{ index: 0, error: missing }]);
    expectFailure(await w.api("PUT", "/Seat/abc", { body: { id: 1 } }), 422, {
      code: "VALIDATION_ERROR",
      message: "Validation failed: 1 error(s)",
      details: [{ field: "id", message: "cannot be changed" }],
    });
  });
});
