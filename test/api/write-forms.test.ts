import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, ask, expectStatus } from "../support/api.ts";
import { calling, mcpOf } from "../support/mcp.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";
import {
  definitions,
  type Failure,
  forbidden,
  invalid,
  OTHERS,
  SCOPE,
  TAKEN,
  VALUES,
} from "../support/write-rules.ts";

/*
 * Every form of write is held to every rule. A rule says what a write sends and how it is refused; a form says how a write is
 * sent. Whatever the form, the error is the same but for its place, and nothing changes.
 */

type Operation = "create" | "update" | "delete";
interface Target {
  readonly id: number;
  readonly code: string;
}
/** One request: method, path, body, headers. Or `MCP`, a tool and its arguments. */
type Call = readonly [method: string, path: string, body?: unknown, headers?: Record<string, string>];

const op = (method: string, rest: object) => [{ method, entity: "Item", ...rest }];
const transaction = (method: string, rest: object): Call => [
  "POST",
  "/transaction",
  { operations: op(method, rest) },
];
/** As `cli import` sends its batches. */
const KEYED = () => ({ "Idempotency-Key": crypto.randomUUID() });

const CREATES: Readonly<Record<string, (body: object) => Call>> = {
  "POST /Item": (body) => ["POST", "/Item", body],
  "POST /Item?fields": (body) => ["POST", "/Item?fields=id", body],
  "POST /Item with a key": (body) => ["POST", "/Item", body, KEYED()],
  "POST /Box with items": (body) => ["POST", "/Box", { name: "box", items: [body] }],
  "POST /Item/bulk": (body) => ["POST", "/Item/bulk", [body]],
  "POST /Item/bulk with a key": (body) => ["POST", "/Item/bulk", [body], KEYED()],
  "POST /Item/bulk?atomic": (body) => ["POST", "/Item/bulk?atomic=true", [body]],
  "POST /Box/bulk?atomic with items": (body) => ["POST", "/Box/bulk?atomic=true", [{ items: [body] }]],
  "PUT /Item/bulk?upsertBy": (body) => ["PUT", "/Item/bulk?upsertBy=code", [body]],
  "PUT /Item/bulk?upsertBy with a key": (body) => ["PUT", "/Item/bulk?upsertBy=code", [body], KEYED()],
  "POST /transaction": (body) => transaction("POST", { body }),
  "POST /transaction with items in a box": (body) => [
    "POST",
    "/transaction",
    { operations: [{ method: "POST", entity: "Box", body: { items: [body] } }] },
  ],
  "MCP create": (record) => ["MCP", "create", { entity: "Item", record }],
};

const UPDATES: Readonly<Record<string, (target: Target, body: object) => Call>> = {
  "PUT /Item/{id}": ({ id }, body) => ["PUT", `/Item/${id}`, body],
  "PATCH /Item/{id}?fields": ({ id }, body) => ["PATCH", `/Item/${id}?fields=id`, body],
  "PUT /Item/{id} with a key": ({ id }, body) => ["PUT", `/Item/${id}`, body, KEYED()],
  "PUT /Item/by/code": ({ code }, body) => ["PUT", `/Item/by/code/${code}`, body],
  "PATCH /Item/by/code?fields": ({ code }, body) => ["PATCH", `/Item/by/code/${code}?fields=id`, body],
  "PUT /Item/bulk": ({ id }, body) => ["PUT", "/Item/bulk", [{ id, ...body }]],
  "PUT /Item/bulk?atomic": ({ id }, body) => ["PUT", "/Item/bulk?atomic=true", [{ id, ...body }]],
  "PUT /Item/bulk?upsertBy": ({ code }, body) => ["PUT", "/Item/bulk?upsertBy=code", [{ code, ...body }]],
  "PUT /Item/bulk?upsertBy with a key": ({ code }, body) => [
    "PUT",
    "/Item/bulk?upsertBy=code",
    [{ code, ...body }],
    KEYED(),
  ],
  "PATCH /Item?filter": ({ code }, body) => ["PATCH", `/Item?filter[code]=${code}&maxAffected=5`, body],
  "PATCH /Item?filter with a key": ({ code }, body) => [
    "PATCH",
    `/Item?filter[code]=${code}&maxAffected=5`,
    body,
    KEYED(),
  ],
  "PATCH /Item?filter returning": ({ code }, body) => [
    "PATCH",
    `/Item?filter[code]=${code}&maxAffected=5`,
    body,
    { Prefer: "return=representation" },
  ],
  "POST /transaction": ({ id }, body) => transaction("PUT", { id, body }),
  "MCP update": ({ id }, record) => ["MCP", "update", { entity: "Item", id, record }],
  "MCP update of /by/code": ({ code }, record) => [
    "MCP",
    "update",
    { entity: "Item", by: "code", id: code, record },
  ],
};

const DELETES: Readonly<Record<string, (target: Target) => Call>> = {
  "DELETE /Item/{id}": ({ id }) => ["DELETE", `/Item/${id}`],
  "DELETE /Item/{id} with a key": ({ id }) => ["DELETE", `/Item/${id}`, undefined, KEYED()],
  "DELETE /Item/by/code": ({ code }) => ["DELETE", `/Item/by/code/${code}`],
  "DELETE /Item/bulk": ({ id }) => ["DELETE", "/Item/bulk", [id]],
  "DELETE /Item/bulk?atomic": ({ id }) => ["DELETE", "/Item/bulk?atomic=true", [id]],
  "POST /Item/bulk/delete": ({ id }) => ["POST", "/Item/bulk/delete", [id]],
  "DELETE /Item?filter": ({ code }) => ["DELETE", `/Item?filter[code]=${code}&maxAffected=5`],
  "POST /transaction": ({ id }) => transaction("DELETE", { id }),
  "MCP delete": ({ id }) => ["MCP", "delete", { entity: "Item", id }],
  "MCP delete of /by/code": ({ code }) => ["MCP", "delete", { entity: "Item", by: "code", id: code }],
};

let w: TestWorkspace;
let token: string;
let made = 0;
const newCode = () => `c${made++}`;
const admin = (method: string, path: string, body?: unknown) => w.api(method, path, { body });
const send = (call: Call, key = token): Promise<Answer> => {
  const [method, path, body, headers] = call;
  if (method === "MCP") return sendTool(call, key);
  return ask(method, w.apiPath + path, { token: key, body, ...(headers && { headers }) });
};

/** The result of a tool, as if it were the response of a route. */
async function sendTool([, tool, args]: Call, key: string): Promise<Answer> {
  const answer = await mcpOf(w).post(calling(tool, args as object), { token: key });
  const { result } = answer.body;
  if (!result) return answer;
  const [{ text }] = result.content;
  return { ...answer, status: result.isError ? 400 : 200, text, body: JSON.parse(text) };
}

const keyFor = async (scope: object) =>
  (await w.createKey({ scopes: [{ ...SCOPE, ...scope }, ...OTHERS] })).key;

async function newItem(fields: object = {}): Promise<Target> {
  const body = { code: newCode(), area: "A", ...fields };
  return expectStatus(await admin("POST", "/Item", body), 201).body.data;
}
const contents = async () =>
  (await Promise.all(["Item", "Box"].map((name) => admin("GET", `/${name}/export?format=ndjson`))))
    .map(({ text }) => text)
    .join();

/** The error of the write itself, without its place in the request. */
function errorOf({ status, body, text }: Answer): Failure | string {
  const error: Failure | undefined = status < 300 ? body?.errors?.[0]?.error : body?.error;
  if (!error) return `${status} ${text}`;
  const message = error.message.replace(/^(?:Item 0|Operation 0): /, "").replace(/^items(?:\[0\])?: /, "");
  const details = error.details?.map((detail) => ({
    ...detail,
    field: detail.field.replace(/^operations\[0\]\./, "").replace(/^items\[0\]\./, ""),
  }));
  return { code: error.code, message, ...(details && { details }) };
}

const READ_ONLY_MODE: Failure = {
  code: "WORKSPACE_STATUS",
  message: "Workspace is in read-only mode",
};

beforeAll(async () => {
  w = await makeWorkspace(...definitions);
  await mcpOf(w).setMode("FULL");
  const owners = [
    { name: "a", area: "A" },
    { name: "b", area: "B" },
  ];
  expectStatus(await admin("POST", "/Owner/bulk", owners), 200);
  await newItem({ serial: "taken" });
  token = await keyFor({});
});

/** Sends a write in each of the forms, and expects each to be refused in the same way. */
async function expectRefused(
  forms: Readonly<Record<string, Call>>,
  failure: Failure | ((form: string) => Failure | string),
  key = token,
) {
  const before = await contents();
  const answers: Record<string, unknown> = {};
  const expected: Record<string, unknown> = {};
  for (const [form, call] of Object.entries(forms)) {
    answers[form] = errorOf(await send(call, key));
    expected[form] = typeof failure === "function" ? failure(form) : failure;
  }
  expect(answers).toEqual(expected);
  expect(await contents()).toBe(before);
}

const callsOf = <A extends unknown[]>(forms: Readonly<Record<string, (...args: A) => Call>>, ...args: A) =>
  Object.fromEntries(Object.entries(forms).map(([form, call]) => [form, call(...args)]));

const creation = (body: object = {}) => ({ code: newCode(), area: "A", ...body });

async function expectDone(forms: Readonly<Record<string, Call>>) {
  for (const [form, call] of Object.entries(forms)) {
    const answer = await send(call);
    expect([form, answer.status < 300, answer.body?.failed ?? 0], answer.text).toEqual([form, true, 0]);
    if (answer.body?.affected !== undefined) expect([form, answer.body.affected]).toEqual([form, 1]);
  }
}

describe("a create, in every form", () => {
  it("is done when no rule is broken, with the presets", async () => {
    const forms = Object.values(CREATES).map((call) => call(creation({ level: 9, ownerId: 1, label: "x" })));
    await expectDone(Object.fromEntries(forms.map((call, i) => [String(i), call])));
    const { body } = await admin("GET", "/Item?filter[label]=x&size=100");
    expect(body.data).toHaveLength(forms.length);
    for (const item of body.data) expect(item).toMatchObject({ stamp: "server", ownerId: 1, area: "A" });
  });

  it.each(Object.entries(VALUES))("is refused for %s", async (_, [body, failure]) => {
    await expectRefused(callsOf(CREATES, creation(body)), failure);
  });

  it("is refused without a field that is required", async () => {
    const { code: _, ...body } = creation();
    const creates = Object.entries(callsOf(CREATES, body));
    await expectRefused(Object.fromEntries(creates), invalid("code", "code is required"));
  });

  it("is refused when the record breaks the check", async () => {
    await expectRefused(callsOf(CREATES, creation({ area: "B" })), forbidden("create this Item"));
    await expectRefused(callsOf(CREATES, creation({ level: 10 })), forbidden("create this Item"));
    const raised = creation({ level: { $increment: 5, $default: 5 } });
    await expectRefused(callsOf(CREATES, raised), forbidden("create this Item"));
  });

  it("is refused without the operation", async () => {
    const key = await keyFor({ operations: ["read", "update", "delete"] });
    await expectRefused(callsOf(CREATES, creation()), forbidden("create Item"), key);
  });
});

describe("an update, in every form", () => {
  it("is done when no rule is broken, with the presets", async () => {
    for (const [form, call] of Object.entries(UPDATES)) {
      const target = await newItem();
      await expectDone({ [form]: call(target, { level: { $increment: 9 }, label: "y", ownerId: 1 }) });
      const { data } = (await admin("GET", `/Item/${target.id}`)).body;
      expect([form, data]).toMatchObject([form, { level: 9, label: "y", ownerId: 1, stamp: "server" }]);
    }
  });

  it.each(Object.entries(VALUES))("is refused for %s", async (_, [body, failure]) => {
    await expectRefused(callsOf(UPDATES, await newItem(), { area: "A", ...body }), failure);
  });

  it("is refused when an increment would leave the bounds", async () => {
    const target = await newItem({ level: 3 });
    const by = (step: number) => callsOf(UPDATES, target, { level: { $increment: step } });
    await expectRefused(by(-4), invalid("level", "must be at least 0"));
    await expectRefused(by(8), invalid("level", "must be at most 10"));
    await expectRefused(by(7), forbidden("update this Item"));
  });

  it("is refused when the record breaks the check", async () => {
    const target = await newItem();
    await expectRefused(callsOf(UPDATES, target, { area: "B" }), forbidden("update this Item"));
    await expectRefused(callsOf(UPDATES, target, { level: 10 }), forbidden("update this Item"));
  });

  it("does not find a record outside the filter", async () => {
    const target = await newItem({ area: "B" });
    for (const body of [{ label: "z" }, { level: { $increment: -1 } }, { area: "B", level: 10 }])
      await expectRefused(callsOf(UPDATES, target, body), (form) => notThere(form, target));
  });

  it("does not find a record outside a filter over another entity, whatever it would compute", async () => {
    const key = await keyFor({ filter: { "owner.area": "A" }, check: { level: { lt: 10 } } });
    const target = await newItem({ ownerId: 2 });
    const body = { level: { $increment: -1 } };
    await expectRefused(callsOf(UPDATES, target, body), (form) => notThere(form, target), key);
  });

  it("is refused without the operation", async () => {
    const key = await keyFor({ operations: ["read", "create", "delete"] });
    await expectRefused(callsOf(UPDATES, await newItem(), { label: "z" }), forbidden("update Item"), key);
  });
});

/** How a form tells of a record that does not exist for the key. */
function notThere(form: string, { id, code }: Target): Failure | string {
  if (form.includes("returning")) return '200 {"affected":0,"data":[]}';
  if (form.includes("?filter")) return '200 {"affected":0}';
  if (form.includes("upsertBy")) return { ...TAKEN, message: `A record with code '${code}' already exists` };
  return {
    code: "NOT_FOUND",
    message: `Record not found: ${form.includes("/by/") ? `{code: '${code}'}` : id}`,
  };
}

describe("a delete, in every form", () => {
  it("is done when no rule is broken", async () => {
    for (const [form, call] of Object.entries(DELETES)) {
      const target = await newItem();
      await expectDone({ [form]: call(target) });
      expectStatus(await admin("GET", `/Item/${target.id}`), 404);
    }
  });

  it("does not find a record outside the filter", async () => {
    const target = await newItem({ area: "B" });
    await expectRefused(callsOf(DELETES, target), (form) => notThere(form, target));
  });

  it("is refused while another record holds it", async () => {
    const target = await newItem();
    expectStatus(await admin("POST", "/Note", { itemId: target.id }), 201);
    const subjectOf = (form: string) => {
      if (form.includes("?filter")) return "A matching record";
      return `Record ${form.includes("/by/") ? `{code: '${target.code}'}` : target.id}`;
    };
    await expectRefused(callsOf(DELETES, target), (form) => ({
      code: "FOREIGN_KEY_VIOLATION",
      message: `${subjectOf(form)} is still referenced by notes.item_id`,
    }));
  });

  it("is refused without the operation, and where an error would tell of what is hidden", async () => {
    const target = await newItem();
    const without = await keyFor({ operations: ["read", "create", "update"] });
    await expectRefused(callsOf(DELETES, target), forbidden("delete Item"), without);
    const scopes = [SCOPE, ...OTHERS.filter(({ entity }) => entity !== "Note")];
    const { key } = await w.createKey({ scopes });
    await expectRefused(callsOf(DELETES, target), forbidden("delete Item"), key);
  });
});

describe("what holds for every write", () => {
  const formsFor = (target: Target): Readonly<Record<Operation, Readonly<Record<string, Call>>>> => ({
    create: callsOf(CREATES, creation()),
    update: callsOf(UPDATES, target, { label: "z" }),
    delete: callsOf(DELETES, target),
  });

  it("If-Match, where one record is named", async () => {
    const target = await newItem();
    const stale = { "If-Match": '"0-stale"' };
    const forms = Object.fromEntries(
      Object.entries({ ...UPDATES, ...DELETES })
        .filter(([form]) => /\{id\}|\/by\/|MCP/.test(form))
        .map(([form, call]) => {
          const [method, path, body, headers] = call(target, { label: "z", level: { $increment: -1 } });
          const isTool = method === "MCP";
          const sent = isTool ? { ...(body as object), ifMatch: stale["If-Match"] } : body;
          return [form, [method, path, sent, { ...headers, ...(!isTool && stale) }] as const];
        }),
    );
    const changed: Failure = {
      code: "PRECONDITION_FAILED",
      message: "The record has changed: If-Match does not hold",
    };
    await expectRefused(forms, changed);
    const ifMatch = stale["If-Match"];
    await expectRefused(
      {
        update: transaction("PUT", { id: target.id, ifMatch, body: { label: "z" } }),
        delete: transaction("DELETE", { id: target.id, ifMatch }),
      },
      changed,
    );
  });

  it.each(["create", "update", "delete"] as const)("a %s needs a key that may write", async (operation) => {
    const target = await newItem();
    const { key } = await w.createKey({ permission: "READ_ONLY" });
    await expectRefused(
      formsFor(target)[operation],
      {
        code: "FORBIDDEN",
        message: "This API key has READ_ONLY permissions — data modifications are not allowed",
      },
      key,
    );
  });

  it.each(["create", "update", "delete"] as const)("a %s waits for the access mode", async (operation) => {
    const target = await newItem();
    expectStatus(await w.admin("PATCH", "", { body: { accessMode: "READ_ONLY" } }), 200);
    try {
      await expectRefused(formsFor(target)[operation], READ_ONLY_MODE);
    } finally {
      expectStatus(await w.admin("PATCH", "", { body: { accessMode: "ACTIVE" } }), 200);
    }
  });
});
