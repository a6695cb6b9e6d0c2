import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, type Asking, ask, askAdmin, expectFailure, expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

const ACCEPT = "application/problem+json";

const definitions = [
  {
    name: "Author",
    columns: [
      { name: "firstName", type: "VARCHAR" },
      { name: "lastName", type: "VARCHAR" },
      { name: "notes", type: "VARCHAR" },
    ],
    constraints: [{ type: "UNIQUE_COMPOSITE", fields: ["firstName", "lastName"] }],
  },
  {
    name: "Book",
    columns: [
      {
        name: "isbn",
        type: "VARCHAR",
        nullable: false,
        unique: true,
        constraints: [{ type: "PATTERN", value: "^[0-9]+$" }],
      },
      {
        name: "title",
        type: "VARCHAR",
        length: 5,
        constraints: [{ type: "NOT_BLANK", message: "needs words" }],
      },
      {
        name: "stock",
        type: "INTEGER",
        constraints: [
          { type: "MIN", value: 0 },
          { type: "MAX", value: 9 },
        ],
      },
      { name: "placed", type: "DATE" },
      { name: "sent", type: "DATE" },
      { name: "madeAt", type: "DATETIME", autoSet: "INSERT" },
      {
        name: "authorId",
        columnName: "writer",
        references: { entity: "Author", relationship: "author", inverse: "books", onDelete: "RESTRICT" },
      },
    ],
    constraints: [
      { type: "FIELD_LESS_THAN", field: "placed", otherField: "sent" },
      { type: "CONDITIONAL_REQUIRED", field: "sent", when: { field: "title", equals: "sent" } },
    ],
  },
];

let w: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace(...definitions);
  const author = { firstName: "Ana", lastName: "Sousa" };
  expectStatus(await w.api("POST", "/Author", { body: author }), 201);
  expectStatus(await w.api("POST", "/Book", { body: { isbn: "1", authorId: 1 } }), 201);
});

const withForm = (asking: Asking = {}): Asking => ({
  ...asking,
  headers: { Accept: ACCEPT, ...asking.headers },
});
const problem = (method: string, path: string, asking: Asking = {}) => w.api(method, path, withForm(asking));

/** The properties of every problem, and the remaining ones. */
function expectProblem(answer: Answer, status: number, expected: object) {
  const { type, title, requestId, ...rest } = answer.body;
  expect({ status: answer.status, contentType: answer.headers.get("Content-Type"), ...rest }).toEqual({
    contentType: ACCEPT,
    status,
    errors: [],
    ...expected,
  });
  expect(type).toBe(`/docs/errors.md#${rest.code.toLowerCase()}`);
  expect(title).toMatch(/^[A-Z][a-z ]+$/);
  expect(requestId).toBe(answer.headers.get("X-Request-Id"));
  expect(answer.headers.get("Vary")).toContain("Accept");
}

describe("a problem names the field and the rule of", () => {
  const invalid = (...errors: object[]) => ({
    code: "VALIDATION_ERROR",
    detail: `Validation failed: ${errors.length} error(s)`,
    errors,
  });

  it.each<[string, object, object]>([
    ["a missing value", {}, { field: "isbn", message: "isbn is required", rule: "REQUIRED" }],
    ["a null", { isbn: null }, { field: "isbn", message: "isbn is required", rule: "REQUIRED" }],
    [
      "a wrong type",
      { isbn: "2", stock: "x" },
      { field: "stock", message: "must be an integer", rule: "TYPE" },
    ],
    [
      "a low number",
      { isbn: "2", stock: -1 },
      { field: "stock", message: "must be at least 0", rule: "MIN" },
    ],
    [
      "a high number",
      { isbn: "2", stock: 10 },
      { field: "stock", message: "must be at most 9", rule: "MAX" },
    ],
    ["a pattern", { isbn: "a" }, { field: "isbn", message: "must match pattern ^[0-9]+$", rule: "PATTERN" }],
    [
      "a message of its own",
      { isbn: "2", title: " " },
      { field: "title", message: "needs words", rule: "NOT_BLANK" },
    ],
    [
      "a long text",
      { isbn: "2", title: "abcdef" },
      { field: "title", message: "must be at most 5 characters", rule: "MAX_LENGTH" },
    ],
    [
      "a field that the server sets",
      { isbn: "2", madeAt: "2020-01-01T00:00:00Z" },
      { field: "madeAt", message: "is read-only", rule: "READ_ONLY" },
    ],
    [
      "two fields",
      { isbn: "2", placed: "2020-01-02", sent: "2020-01-01" },
      { field: "placed", message: "must be less than sent", rule: "FIELD_LESS_THAN" },
    ],
    [
      "a condition",
      { isbn: "2", title: "sent" },
      { field: "sent", message: "sent is required when title is 'sent'", rule: "CONDITIONAL_REQUIRED" },
    ],
  ])("%s", async (_, body, error) => {
    expectProblem(await problem("POST", "/Book", { body }), 422, invalid(error));
  });

  it("a change that the database refuses", async () => {
    const low = { field: "stock", message: "must be at least 0", rule: "MIN" };
    expectStatus(await w.api("PATCH", "/Book/1", { body: { stock: 0 } }), 200);
    const body = { stock: { $increment: -1 } };
    expectProblem(await problem("PATCH", "/Book/1", { body }), 422, invalid(low));
    const dates = { placed: "2020-01-01", sent: "2020-02-01" };
    expectStatus(await w.api("PATCH", "/Book/1", { body: dates }), 200);
    const rule = { field: "placed", message: "must be less than sent", rule: "FIELD_LESS_THAN" };
    expectProblem(await problem("PATCH", "/Book/1", { body: { sent: "2019-01-01" } }), 422, invalid(rule));
  });

  it("an unknown field, with the name that was probably meant and all that are known", async () => {
    const known = ["id", "isbn", "title", "stock", "placed", "sent", "madeAt", "authorId"];
    const error = {
      field: "ISBN",
      message: "is not a field of Book",
      rule: "UNKNOWN",
      suggestion: "isbn",
      known,
    };
    const answer = await problem("POST", "/Book", { body: { isbn: "2", ISBN: "3" } });
    expectProblem(answer, 422, invalid(error));
  });

  it("an unknown field of a create that could contain nested records", async () => {
    const error = {
      field: "bookz",
      message: "is not a field of Author",
      rule: "UNKNOWN",
      suggestion: "books",
    };
    const columns = ["id", "firstName", "lastName", "notes"];
    const known = [...columns, "books"];
    const body = { firstName: "Eva", lastName: "Reis", bookz: [] };
    const operations = [{ method: "POST", entity: "Author", body }];
    expectProblem(await problem("POST", "/Author", { body }), 422, invalid({ ...error, known }));
    expectProblem(await problem("POST", "/Author/bulk?atomic=true", { body: [body] }), 422, {
      ...invalid({ ...error, known }),
      detail: "Item 0: Validation failed: 1 error(s)",
    });
    expectProblem(await problem("POST", "/transaction", { body: { operations } }), 422, {
      ...invalid({ ...error, field: "operations[0].bookz", known }),
      detail: "Operation 0: Validation failed: 1 error(s)",
    });
    expectProblem(await problem("PUT", "/Author/1", { body: { bookz: [] } }), 422, {
      ...invalid({ field: "bookz", message: error.message, rule: "UNKNOWN", known: columns }),
    });
  });

  it("an upsertBy that is no unique rule, with those that are", async () => {
    const known = ["isbn"];
    expectProblem(await problem("PUT", "/Book/bulk?upsertBy=isbm", { body: [{}] }), 400, {
      code: "BAD_REQUEST",
      detail: "upsertBy 'isbm' is not a unique rule of Book — did you mean 'isbn'?",
      suggestion: "isbn",
      known,
    });
    expectProblem(await problem("PUT", "/Book/bulk?upsertBy=title", { body: [{}] }), 400, {
      code: "BAD_REQUEST",
      detail: "upsertBy 'title' is not a unique rule of Book — use isbn",
      known,
    });
  });

  it("a unique value that is taken", async () => {
    const answer = await problem("POST", "/Book", { body: { isbn: "1" } });
    expectProblem(answer, 409, {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      detail: "A record with isbn '1' already exists",
      errors: [{ field: "isbn", message: "is already taken", rule: "UNIQUE" }],
    });
  });

  it("a unique combination that is taken, also where the update sends a part of it", async () => {
    const combination = { message: "is taken in this combination", rule: "UNIQUE_COMPOSITE" };
    const expected = {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      detail: "A record with firstName 'Ana' and lastName 'Sousa' already exists",
      errors: ["firstName", "lastName"].map((field) => ({ field, ...combination })),
    };
    const created = await w.api("POST", "/Author", { body: { firstName: "Eva", lastName: "Sousa" } });
    const body = { firstName: "Ana" };
    expectProblem(await problem("PATCH", `/Author/${created.body.data.id}`, { body }), 409, expected);
  });

  it("a reference to nothing, by its API field and not by its column", async () => {
    const errors = [{ field: "authorId", message: "does not exist", rule: "FOREIGN_KEY" }];
    const code = "FOREIGN_KEY_VIOLATION";
    const byId = await problem("POST", "/Book", { body: { isbn: "2", authorId: 999 } });
    expectProblem(byId, 400, { code, errors, detail: "Referenced writer '999' does not exist in authors" });
    const key = { $by: { firstName: "No", lastName: "Body" } };
    const byKey = await problem("POST", "/Book", { body: { isbn: "2", authorId: key } });
    const detail = "Referenced author {firstName: 'No', lastName: 'Body'} does not exist in authors";
    expectProblem(byKey, 400, { code, errors, detail });
  });

  it("a record that is still referenced", async () => {
    expectProblem(await problem("DELETE", "/Author/1"), 400, {
      code: "FOREIGN_KEY_VIOLATION",
      detail: "Record 1 is still referenced by books.writer",
      errors: [{ entity: "Book", field: "authorId", message: "still refers to it", rule: "FOREIGN_KEY" }],
    });
  });

  it("an operation of a transaction, with the path to it", async () => {
    const operations = [
      { method: "POST", entity: "Author", body: { firstName: "Rui", lastName: "Reis" } },
      { method: "POST", entity: "Book", body: { isbn: "1" } },
    ];
    expectProblem(await problem("POST", "/transaction", { body: { operations } }), 409, {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      detail: "Operation 1: A record with isbn '1' already exists",
      errors: [{ field: "operations[1].isbn", message: "is already taken", rule: "UNIQUE" }],
    });
    const wrong = [{ method: "POST", entity: "Book", body: { isbn: "x" } }];
    const { errors } = (await problem("POST", "/transaction", { body: { operations: wrong } })).body;
    expect(errors).toEqual([
      { field: "operations[0].isbn", message: "must match pattern ^[0-9]+$", rule: "PATTERN" },
    ]);
  });
});

describe("a name that is unknown", () => {
  const columns = ["id", "firstName", "lastName", "notes"];

  it.each<[string, object]>([
    [
      "/book",
      { code: "NOT_FOUND", detail: "Entity not found: book", suggestion: "Book", known: ["Author", "Book"] },
    ],
    ["/Zebra", { code: "NOT_FOUND", detail: "Entity not found: Zebra", known: ["Author", "Book"] }],
    [
      "/Author?filter[lastNam]=x",
      {
        detail: "Unknown field 'lastNam' on Author — did you mean 'lastName'?",
        suggestion: "lastName",
        known: [...columns, "books"],
      },
    ],
    ["/Author?sort=xyz", { detail: "Unknown field 'xyz' on Author", known: [...columns, "books"] }],
    ["/Author?expand=zzzzz", { detail: "Unknown relationship 'zzzzz' on Author", known: ["books"] }],
    [
      "/Author?siz=1",
      {
        detail: "Unknown parameter 'siz' — did you mean 'size'?",
        suggestion: "size",
        known: ["page", "size", "count", "cursor", "sort", "filter", "fields", "expand"],
      },
    ],
    [
      "/Author?filter[notes.eqq]=1",
      {
        detail: "Unknown operator 'eqq' on Author.notes — did you mean 'eq'?",
        suggestion: "eq",
        known: expect.arrayContaining(["eq", "between"]),
      },
    ],
    [
      "/Author/aggregate?measure=cuont",
      {
        detail: "Unknown measure 'cuont' — did you mean 'count'?",
        suggestion: "count",
        known: expect.arrayContaining(["count", "sum"]),
      },
    ],
  ])("%s is told with those that are known", async (path, expected) => {
    const answer = await problem("GET", path);
    expectProblem(answer, answer.status, { code: "BAD_REQUEST", ...expected });
  });

  it.each<[string, string, object, object]>([
    ["POST", "/entities", { nme: 1 }, { field: "nme", suggestion: "name" }],
    [
      "POST",
      "/entities",
      { name: "A", columns: [{}, { lenght: 1 }] },
      { field: "columns[1].lenght", suggestion: "length" },
    ],
    ["PATCH", "/entities/Book/columns/title", { Length: 1 }, { field: "Length", suggestion: "length" }],
    ["PATCH", "", { mcpmode: "OFF" }, { field: "mcpmode", suggestion: "mcpMode" }],
    ["PATCH", "/entities/Book", { zebra: 1 }, { field: "zebra", known: expect.arrayContaining(["name"]) }],
    [
      "POST",
      "/api-keys",
      { scopes: [{ entitty: "Book" }] },
      { field: "scopes[0].entitty", suggestion: "entity" },
    ],
    [
      "PUT",
      "/schema",
      { entities: [{ setings: {} }] },
      { field: "entities[0].setings", suggestion: "settings" },
    ],
    [
      "POST",
      "/entities",
      { constraints: [{ type: "CONDITIONAL_REQUIRED", when: { feild: "a" } }] },
      { field: "constraints[0].when.feild", suggestion: "field", known: ["field", "equals"] },
    ],
  ])(
    "of a body of the admin API is told with those that are known: %s %s %j",
    async (method, path, body, expected) => {
      const { errors } = (await w.admin(method, path, withForm({ body }))).body;
      const told = { message: "is not a known property", rule: "UNKNOWN", ...expected };
      expect(errors).toContainEqual(expect.objectContaining(told));
    },
  );

  it("of an operation in a transaction is told with a similar one", async () => {
    const operations = [{ method: "POST", entity: "Book", bdy: {} }];
    expectProblem(await problem("POST", "/transaction", { body: { operations } }), 400, {
      code: "BAD_REQUEST",
      detail:
        "operations[0].body is required; operations[0].bdy is not a known property — did you mean 'body'?",
      errors: [],
    });
  });

  it("is not listed among more than 20", async () => {
    const many = Array.from({ length: 20 }, (_, i) => ({ name: `field${i}`, type: "INTEGER" }));
    const v = await makeWorkspace({ name: "Wide", columns: many });
    const { body } = await v.api("GET", "/Wide?sort=feild1", withForm());
    expect(body).toMatchObject({ suggestion: "field1" });
    expect(body).not.toHaveProperty("known");
  });

  it("tells a key nothing of what it may not see", async () => {
    const scopes = [
      {
        entity: "Author",
        operations: ["read", "create"],
        fields: ["lastName"],
        writableFields: ["lastName"],
      },
    ];
    const { key: token } = await w.createKey({ scopes });
    const texts = [
      await problem("GET", "/Author?sort=firstNam", { token }),
      await problem("GET", "/Author?expand=book", { token }),
      await problem("POST", "/Author", { token, body: { lastName: "Lopes", note: 1 } }),
      await problem("GET", "/book", { token }),
    ].map(({ text }) => text);
    for (const text of texts) expect(text).not.toMatch(/firstName|notes|Book|"books"/);
    expect(JSON.parse(texts[0] ?? "").known).toEqual(["id", "lastName"]);
  });
});

describe("every failure can be had as a problem:", () => {
  const path = () => `${w.apiPath}/Book`;
  it.each<[string, number, () => Promise<Answer>]>([
    ["400", 400, () => problem("POST", "/Book", { body: "{" })],
    ["401", 401, () => ask("GET", path(), withForm())],
    ["401 of the admin API", 401, () => ask("GET", "/admin/v1/organizations", withForm())],
    ["401 of MCP", 401, () => ask("POST", `/mcp/${w.organization}/${w.workspace}`, withForm({ body: {} }))],
    ["404 of a record", 404, () => problem("GET", "/Book/999")],
    ["404 of a route", 404, () => ask("GET", "/nothing", withForm())],
    ["404 of the admin API", 404, () => askAdmin("GET", "/organizations/nothing", withForm())],
    ["405", 405, () => problem("PATCH", "/Book/bulk")],
    ["412", 412, () => problem("GET", "/Book/1", { headers: { "If-Match": '"0-x"' } })],
    ["415", 415, () => problem("POST", "/Book", { body: "a", headers: { "Content-Type": "text/plain" } })],
    [
      "422 of the admin API",
      422,
      () => w.admin("POST", "/entities", withForm({ body: { columns: 1, nme: 2 } })),
    ],
  ])("%s", async (_, status, send) => {
    const answer = await send();
    expect(answer.status, answer.text).toBe(status);
    const { code, detail, errors } = answer.body;
    expectProblem(answer, status, { code, detail, errors });
  });

  it("422 of the admin API has rules", async () => {
    const { body } = await w.admin("POST", "/entities", withForm({ body: { columns: 1, nme: 2 } }));
    expect(body.errors).toEqual(
      expect.arrayContaining([
        { field: "name", message: "is required", rule: "REQUIRED" },
        { field: "columns", message: "must be an array", rule: "TYPE" },
        expect.objectContaining({ field: "nme", message: "is not a known property", rule: "UNKNOWN" }),
      ]),
    );
  });

  it("items of a bulk request that is not atomic keep their form, for the response is no failure", async () => {
    const answer = await problem("POST", "/Book/bulk", { body: [{ isbn: "1" }] });
    expect(answer.headers.get("Content-Type")).toBe("application/json");
    const error = { code: "UNIQUE_CONSTRAINT_VIOLATION", message: "A record with isbn '1' already exists" };
    expect(answer.body).toEqual({ succeeded: 0, failed: 1, errors: [{ index: 0, error }] });
    const atomic = await problem("POST", "/Book/bulk?atomic=true", { body: [{ isbn: "1" }] });
    expectProblem(atomic, 409, {
      code: "UNIQUE_CONSTRAINT_VIOLATION",
      detail: "Item 0: A record with isbn '1' already exists",
      errors: [{ field: "isbn", message: "is already taken", rule: "UNIQUE" }],
    });
  });
});

describe("the form of an error is", () => {
  it.each([
    [ACCEPT],
    ["Application/Problem+JSON"],
    ["application/json, application/problem+json"],
    ["application/problem+json;q=0.9, application/json;q=0.8"],
    ["application/problem+json, */*"],
    ["text/html, application/problem+json;q=0.5"],
    ["application/problem+json;q=0.5, application/json;q=0.5, */*"],
  ])("a problem for %s", async (accept) => {
    const answer = await w.api("GET", "/Book/999", { headers: { Accept: accept } });
    expect(answer.headers.get("Content-Type")).toBe(ACCEPT);
  });

  it.each([
    ["*/*"],
    ["application/*"],
    ["application/json"],
    ["text/html"],
    ["application/problem+json;q=0"],
    ["application/problem+json;q=0.5, application/json"],
    ["application/problem+json;q=0.5, */*"],
    ["application/problem+json2"],
    ["application/problem+xml"],
    [""],
    [",;q=,=;application/problem+json;q"],
  ])("the envelope for '%s'", async (accept) => {
    const answer = await w.api("GET", "/Book/999", { headers: { Accept: accept } });
    expect(answer.headers.get("Content-Type")).toBe("application/json");
    expectFailure(answer, 404, { code: "NOT_FOUND", message: "Record not found: 999" });
    expect(answer.headers.get("Vary")).toMatch(/^Origin, Accept(?:, Accept-Encoding)?$/);
  });

  it("no matter for what succeeds: the same ETag and type", async () => {
    const [plain, form] = [await w.api("GET", "/Book/1"), await problem("GET", "/Book/1")];
    expect(form.text).toBe(plain.text);
    for (const name of ["ETag", "Content-Type", "Vary"])
      expect(form.headers.get(name)).toBe(plain.headers.get(name));
    const headers = { "If-None-Match": plain.headers.get("ETag") ?? "" };
    expectStatus(await problem("GET", "/Book/1", { headers }), 304);
  });
});
