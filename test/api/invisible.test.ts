import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, ask, expectStatus } from "../support/api.ts";
import { makeRole, startIssuer, trust } from "../support/users.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/*
 * Two workspaces that differ only in data that a user may not see: other values, and additional records. They respond
 * to every probe with the same bytes. Unique values are not tested, because they reveal that they are taken.
 */

const definitions = [
  {
    name: "Team",
    columns: [
      { name: "name", type: "VARCHAR" },
      { name: "budget", type: "INTEGER" },
    ],
  },
  {
    name: "Task",
    columns: [
      { name: "title", type: "VARCHAR" },
      { name: "code", type: "VARCHAR", unique: true },
      { name: "owner", type: "VARCHAR", indexed: true },
      { name: "points", type: "INTEGER" },
      { name: "secret", type: "VARCHAR" },
      {
        name: "teamId",
        references: { entity: "Team", relationship: "team", inverse: "tasks", onDelete: "CASCADE" },
      },
    ],
    settings: { filterableFields: ["id", "title", "points", "secret", "teamId", "team.name", "team.budget"] },
  },
  {
    name: "Comment",
    columns: [
      { name: "text", type: "VARCHAR" },
      {
        name: "taskId",
        references: { entity: "Task", relationship: "task", inverse: "comments", onDelete: "CASCADE" },
      },
    ],
  },
];

const EVERYTHING = ["read", "create", "update", "delete"];
const MINE = { $claim: "sub" };
const scopes = [
  {
    entity: "Team",
    operations: ["read"],
    filter: { "tasks.owner": MINE, budget: { notIn: [5, 500] } },
    fields: ["name"],
  },
  {
    entity: "Task",
    operations: EVERYTHING,
    filter: { owner: MINE },
    fields: ["title", "code", "points", "teamId"],
    presets: { owner: MINE },
  },
  { entity: "Comment", operations: EVERYTHING, filter: { "task.owner": MINE } },
];

/** Anybody has no claims, so that the owner whose records they see is named. */
const scopesOfAnybody = JSON.parse(JSON.stringify(scopes).replaceAll(JSON.stringify(MINE), '"me"'));

interface World {
  readonly w: TestWorkspace;
  /** Undefined: anybody. */
  readonly token: string | undefined;
}

type Principal = "TOKEN" | "USER" | "ANONYMOUS";

/** Records 1 to 3 are visible in both. Records from 11 on are invisible and differ. No id is above 20. */
async function makeWorld(isFirst: boolean, principal: Principal): Promise<World> {
  const w = await makeWorkspace(...definitions);
  const put = async (entity: string, records: readonly object[]) =>
    expectStatus(await w.api("POST", `/${entity}/bulk`, { body: records }), 200);
  const word = isFirst ? "alpha" : "omega and more";
  const number = isFirst ? 5 : 500;
  await put("Team", [
    { id: 1, name: "mine", budget: isFirst ? 1 : 2 },
    { id: 11, name: word, budget: number },
    { id: 20, name: "last" },
  ]);
  await put("Task", [
    { id: 1, title: "one", code: "one", owner: "me", points: 3, secret: word, teamId: 1 },
    { id: 2, title: "two", owner: "me", points: 7, secret: null, teamId: 11 },
    { id: 3, title: "three", owner: "me", points: 7, secret: word, teamId: null },
    { id: 11, title: word, code: word, owner: "you", points: number, teamId: 1 },
    ...(isFirst ? [{ id: 12, title: "one", owner: "you", points: 3, teamId: 1 }] : []),
    { id: 20, title: "last", owner: "you" },
  ]);
  await put("Comment", [
    { id: 1, text: "hello", taskId: 1 },
    { id: 11, text: word, taskId: 11 },
    ...(isFirst ? [{ id: 12, text: "hello", taskId: 11 }] : []),
    { id: 20, text: "last", taskId: 20 },
  ]);
  /* Task 2 must not make team 11 visible. */
  expectStatus(await w.api("PUT", "/Task/2", { body: { owner: "me" } }), 200);
  return { w, token: await credentialOf(w, principal) };
}

async function credentialOf(w: TestWorkspace, principal: Principal): Promise<string | undefined> {
  if (principal === "TOKEN") {
    const { key } = await w.createKey({ scopes, mayMintTokens: true });
    const body = { claims: { sub: "me" } };
    const minted = await ask("POST", `${w.apiPath}/tokens`, { token: key, body });
    return expectStatus(minted, 201).body.data.token;
  }
  if (principal === "ANONYMOUS") {
    await makeRole(w, "anonymous", { scopes: scopesOfAnybody });
    return undefined;
  }
  await makeRole(w, "authenticated", { scopes });
  provider ??= startIssuer();
  await trust(w, await provider);
  return (await provider).tokenOf("me");
}

/** One for both worlds, whose name is in what a user is told of themselves. */
let provider: ReturnType<typeof startIssuer> | undefined;

type Probe = readonly [method: string, path: string, body?: unknown, headers?: Record<string, string>];

const OPERATORS = [
  "eq",
  "neq",
  "gt",
  "lt",
  "like",
  "ilike",
  "startsWith",
  "endsWith",
  "isNull",
  "in",
  "notIn",
];
const FIELDS = ["title", "secret", "points", "team.name", "team.budget", "team.tasks.title", "comments.text"];
const IDS = [1, 2, 11, 12, 13, 20, 99];

const reads: readonly Probe[] = [
  ["GET", ""],
  ["GET", "/openapi.json"],
  ["GET", "/me"],
  ...["Team", "Task", "Comment"].flatMap((entity): Probe[] => [
    ["GET", `/${entity}`],
    ["GET", `/${entity}?count=none&sort=id,desc`],
    ["GET", `/${entity}?page=1&size=1`],
    ["GET", `/${entity}?cursor=&size=1`],
    ["GET", `/${entity}/export?format=csv`],
    ["GET", `/${entity}/export?format=ndjson`],
    ["GET", `/${entity}/aggregate?measure=count`],
    ...IDS.map((id): Probe => ["GET", `/${entity}/${id}`]),
    ["GET", `/${entity}/1`, undefined, { "If-None-Match": "*" }],
  ]),
  ...FIELDS.flatMap((field) =>
    OPERATORS.flatMap((operator) =>
      ["alpha", "one", "5"].map((value): Probe => ["GET", `/Task?filter[${field}.${operator}]=${value}`]),
    ),
  ),
  ...[...FIELDS, "owner", "secre", "team.budge"].flatMap((field): Probe[] => [
    ["GET", `/Task?sort=${field},desc`],
    ["GET", `/Task?fields=${field}`],
    ["GET", `/Task/aggregate?measure=count&groupBy=${field}`],
    ["GET", `/Task/aggregate?measure=max,${field}&measure=countDistinct,${field}`],
  ]),
  ...["team", "team.tasks", "comments", "team.tasks.comments", "comments.task.team"].flatMap(
    (path): Probe[] => [
      ["GET", `/Task?expand=${path}`],
      ["GET", `/Task/2?expand=${path}`],
    ],
  ),
  ["GET", '/Task?filter={"not":{"team":{"name":"alpha"}}}'],
  ["GET", '/Task?filter={"team":{"not":{"tasks":{"points":{"gt":100}}}}}'],
  ["GET", "/Team?expand=tasks.comments"],
];

const writes: readonly Probe[] = [
  ...[11, 12, 13].flatMap((id): Probe[] => [
    ["PUT", `/Task/${id}`, { title: "x" }],
    ["PUT", `/Task/${id}`, {}],
    ["PUT", `/Task/${id}`, { title: 5 }],
    ["PUT", `/Task/${id}?fields=id`, { title: "x" }],
    ["PUT", `/Task/${id}`, { points: { $inc: 1 } }],
    ["DELETE", `/Task/${id}`],
    ["DELETE", `/Task/${id}`, undefined, { "If-Match": '"1"' }],
    ["PUT", "/Task/bulk", [{ id, title: "x" }]],
    ["DELETE", "/Task/bulk", [id, 99]],
    ["DELETE", "/Comment/bulk?atomic=true", [id]],
    ["POST", "/transaction", { operations: [{ method: "PUT", entity: "Task", id, body: { title: "x" } }] }],
    ["POST", "/Comment", { text: "x", taskId: id }],
    ["PUT", "/Comment/1", { taskId: id }],
    ["PUT", "/Comment/1", { taskId: { $inc: id - 1 } }],
    [
      "POST",
      "/Comment/bulk",
      [
        { text: "x", taskId: id },
        { text: "y", taskId: 1 },
      ],
    ],
    ["POST", "/Task", { id, title: "x" }],
    ["PUT", "/Team/1", { name: "x" }],
    ["DELETE", "/Team/1"],
  ]),
  ...[{ code: "alpha" }, { code: "omega and more" }, { code: "one" }, { secret: "alpha" }].flatMap(
    (key): Probe[] => [
      ["POST", "/Comment", { text: "x", taskId: { $by: key } }],
      ["PUT", "/Comment/1", { taskId: { $by: key } }],
      ["POST", "/Comment/bulk", [{ taskId: { $by: key } }, { text: "y" }]],
    ],
  ),
  ["POST", "/Task", { title: "x", secret: "alpha" }],
  ["POST", "/Task", { title: "x", owner: "you" }],
  ["PUT", "/Task/1", { secret: "alpha" }],
  ["POST", "/Task?expand=team,comments", { title: "new", teamId: 1 }, { "Idempotency-Key": "a" }],
  ["POST", "/Task?expand=team,comments", { title: "new", teamId: 1 }, { "Idempotency-Key": "a" }],
  [
    "POST",
    "/transaction",
    {
      operations: [
        { method: "POST", entity: "Task", as: "t", body: { title: "tx" } },
        { method: "POST", entity: "Comment", body: { text: { $ref: "t.secret" }, taskId: { $ref: "t.id" } } },
        { method: "POST", entity: "Comment", body: { text: "c", taskId: { $ref: "t.id" } } },
      ],
    },
  ],
  ["GET", "/Task?expand=comments"],
];

const HEADERS = [
  "ETag",
  "Link",
  "Location",
  "Allow",
  "Idempotent-Replayed",
  "Content-Type",
  "Preference-Applied",
];

/** The visible part of a response, without values that name the workspace or the time. */
function seen({ w }: World, { status, text, headers }: Answer): unknown {
  const plain = (value: string | null) =>
    value
      ?.replaceAll(w.organization, "ORG")
      .replaceAll(w.workspace, "WS")
      .replaceAll(/"(?:\d+-[0-9a-z]+|[0-9a-f]{16})(?:-gzip)?"/g, '"TAG"')
      .replaceAll(/"nextCursor":"([^"]+)"/g, (_, cursor) => JSON.stringify(positionOf(cursor)))
      .replaceAll(/"(?:expiresAt":"[^"]*"|(?:exp|iat)":\d+)/g, "") ?? null;
  const timing = (headers.get("Server-Timing") ?? "").replaceAll(/[\d.]+/g, "N");
  return [status, plain(text), timing, ...HEADERS.map((name) => plain(headers.get(name)))];
}

/** The checksum at the start ties a cursor to its workspace. */
const positionOf = (cursor: string) => JSON.parse(atob(cursor)).slice(1);

/** The first difference of the texts. */
function differenceOf(first = "", second = ""): string {
  const at = [...first].findIndex((character, i) => character !== second[i]);
  return [first, second].map((text) => text.slice(Math.max(0, at - 100), at + 200)).join("\n");
}

describe.each<Principal>(["TOKEN", "USER", "ANONYMOUS"])("a hidden record or field, for %s", (principal) => {
  let worlds: readonly World[];
  beforeAll(async () => {
    worlds = [await makeWorld(true, principal), await makeWorld(false, principal)];
  });

  it.each([
    ["reads", reads],
    ["writes", writes],
  ] as const)("cannot be told by %s from what does not exist", async (_, probes) => {
    const told: string[] = [];
    for (const [method, path, body, headers] of probes) {
      const [first, second] = await Promise.all(
        worlds.map(async (world) => {
          const asking = {
            ...(world.token !== undefined && { token: world.token }),
            body,
            ...(headers && { headers }),
          };
          return JSON.stringify(seen(world, await ask(method, world.w.apiPath + path, asking)));
        }),
      );
      if (first !== second)
        told.push(`${method} ${path} ${JSON.stringify(body)}\n${differenceOf(first, second)}`);
    }
    expect(told).toEqual([]);
    expect(probes.length).toBeGreaterThan(50);
  });
});
