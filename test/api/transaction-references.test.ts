import { beforeEach, describe, expect, it } from "vitest";
import { expectFailure, expectStatus } from "../support/api.ts";
import { customer } from "../support/entities.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const reference = (name: string, fields: object = {}) => ({
  name,
  references: { entity: "Customer", relationship: name.replace("Id", ""), inverse: `${name}s` },
  ...fields,
});
const transfer = {
  name: "Transfer",
  columns: [
    reference("fromId"),
    reference("toId"),
    reference("onceId", { unique: true }),
    { name: "copy", type: "INTEGER" },
    { name: "rank", type: "INTEGER", constraints: [{ type: "MAX", value: 1_000_000 }] },
    { name: "amount", type: "DECIMAL", precision: 10, scale: 2 },
    { name: "label", type: "VARCHAR" },
  ],
  constraints: [{ type: "FIELD_NOT_EQUAL", field: "fromId", otherField: "toId" }],
};

let w: TestWorkspace;
beforeEach(async () => {
  w = await makeWorkspace(customer, transfer);
});

const make = (as: string) => ({
  method: "POST",
  entity: "Customer",
  as,
  body: { email: `${as}@example.com`, name: as },
});
const post = (body: object, as?: string) => ({ method: "POST", entity: "Transfer", as, body });
const transact = (...operations: object[]) => w.api("POST", "/transaction", { body: { operations } });
const idOf = (name: string) => ({ $ref: `${name}.id` });

it("a value that only the database knows cannot be referred to", async () => {
  const [a] = expectStatus(await transact(make("a")), 200).body.data;
  const byKey = { fromId: { $by: { email: a.email } } };
  const refused = await transact(post(byKey, "t"), post({ toId: { $ref: "t.fromId" } }));
  expectFailure(refused, 422, {
    code: "VALIDATION_ERROR",
    message: "Operation 1: Validation failed: 1 error(s)",
    details: [
      {
        field: "operations[1].toId",
        message:
          "refers to 't.fromId', whose value only the database knows — repeat what its operation sends",
      },
    ],
  });
  expectStatus(await transact(post(byKey, "t"), post({ copy: idOf("t"), ...byKey })), 200);
});

it("a missing record is named, and not one that the transaction has made with a known id", async () => {
  const id = 5_000;
  const operations = [
    { ...make("a"), body: { ...make("a").body, id } },
    post({ fromId: idOf("a"), toId: 999 }),
  ];
  expectFailure(await transact(...operations), 400, {
    code: "FOREIGN_KEY_VIOLATION",
    message: "Operation 1: Referenced to_id '999' does not exist in customers",
  });
});

describe("an id that a transaction will generate", () => {
  it("is compared with its real value by rules over several fields", async () => {
    const different = await transact(make("a"), make("b"), post({ fromId: idOf("a"), toId: idOf("b") }));
    const [a, b, { fromId, toId }] = expectStatus(different, 200).body.data;
    expect([fromId, toId]).toEqual([a.id, b.id]);
    const first = await transact(make("c"), post({ fromId: idOf("c"), toId: 1 }));
    expect(expectStatus(first, 200).body.data[1]).toMatchObject({ fromId: 3, toId: 1 });
    expectFailure(await transact(make("d"), post({ fromId: idOf("d"), toId: idOf("d") })), 422, {
      code: "VALIDATION_ERROR",
      message: "Operation 1: Validation failed: 1 error(s)",
      details: [{ field: "operations[1].fromId", message: "must not be equal to toId" }],
    });
  });

  it("can be stored in an integer column, and referred to from there", async () => {
    expectStatus(await transact(make("a"), make("b")), 200);
    const passedOn = { fromId: { $ref: "t.copy" }, copy: { $ref: "t.fromId" } };
    const answer = await transact(
      make("c"),
      post({ fromId: idOf("c"), copy: idOf("c") }, "t"),
      post(passedOn, "u"),
      post({ copy: { $ref: "u.copy" } }),
    );
    const [, , second, third] = expectStatus(answer, 200).body.data;
    expect([second.fromId, second.copy, third.copy]).toEqual([3, 3, 3]);
  });

  it.each(["id", "rank", "amount", "label"])(
    "is refused for '%s', which could not be checked",
    async (field) => {
      expectFailure(await transact(make("a"), post({ [field]: idOf("a") })), 422, {
        code: "VALIDATION_ERROR",
        message: "Operation 1: Validation failed: 1 error(s)",
        details: [
          { field: `operations[1].${field}`, message: "cannot take the id of 'a', which is not known yet" },
        ],
      });
    },
  );

  it("is not blamed when another value is missing or taken", async () => {
    expectFailure(await transact(make("a"), post({ fromId: idOf("a"), toId: 999 })), 400, {
      code: "FOREIGN_KEY_VIOLATION",
      message: "Operation 1: Referenced to_id '999' does not exist in customers",
    });
    const twice = await transact(make("a"), post({ onceId: idOf("a") }), post({ onceId: idOf("a") }));
    expectFailure(twice, 409, {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      message: "Operation 2: A record with onceId 'a.id' already exists",
    });
  });
});
