import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, expectStatus } from "../support/api.ts";
import type { Parts } from "../support/find-operation.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const pattern = (value: string) => [{ type: "PATTERN", value }];

/** Entities whose rules an example could break, each after those that it refers to. */
const definitions = [
  {
    name: "Book",
    columns: [
      { name: "isbn", type: "VARCHAR", nullable: false, constraints: pattern("^97[89]-\\d{10}$") },
      { name: "shelf", type: "VARCHAR", nullable: false, constraints: pattern("^[A-Z]{2}\\s\\d+$") },
      { name: "code", type: "TEXT", nullable: false, constraints: pattern("^(?i:a)") },
      { name: "state", type: "ENUM", values: ["SOLD", "NEW"], nullable: false },
      { name: "soldOn", type: "DATE" },
      { name: "from", type: "DATE", nullable: false },
      { name: "to", type: "DATE", nullable: false },
      { name: "price", type: "DECIMAL", nullable: false, constraints: [{ type: "MAX", value: "-7.5" }] },
    ],
    constraints: [
      { type: "CONDITIONAL_REQUIRED", field: "soldOn", when: { field: "state", equals: "SOLD" } },
      { type: "FIELD_LESS_THAN", field: "from", otherField: "to" },
    ],
  },
  {
    name: "Loan",
    idType: "UUID",
    columns: [
      { name: "bookId", references: { entity: "Book" }, nullable: false },
      { name: "note", type: "VARCHAR", constraints: [{ type: "MIN_LENGTH", value: 30 }] },
    ],
  },
  { name: "Optional", columns: [{ name: "reference", type: "VARCHAR", constraints: pattern("^R-\\d{4}$") }] },
];

let w: TestWorkspace;
let document: Parts;
beforeAll(async () => {
  w = await makeWorkspace(...definitions);
  document = expectStatus(await w.api("GET", "/openapi.json"), 200).body;
});

const exampleOf = (schema: string) => document.components.schemas[schema].examples?.[0];

describe.each(definitions.map(({ name }) => name))("every example of %s", (name) => {
  it("is there, and is accepted as it is", async () => {
    const [create, update, bulkUpdate] = ["create", "update", "bulkUpdate"].map((kind) =>
      exampleOf(`${name}-${kind}`),
    );
    expect([create, update, bulkUpdate]).toEqual([1, 2, 3].map(() => expect.any(Object)));
    const made = expectStatus(await w.api("POST", `/${name}`, { body: create }), 201).body.data;
    const path = `/${name}/${made.id}`;
    const sent: Answer[] = [
      await w.api("PUT", path, { body: update }),
      await w.api("PATCH", path, { body: update }),
      await w.api("POST", `/${name}/bulk`, { body: [create] }),
      await w.api("PUT", `/${name}/bulk`, { body: [{ ...bulkUpdate, id: made.id }] }),
    ];
    for (const answer of sent) {
      expect(expectStatus(answer, 200).body.failed ?? 0, answer.text).toBe(0);
    }
  });
});
