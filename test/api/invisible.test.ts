import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, ask, expectStatus } from "../support/api.ts";
import { type Probe, reads, writes } from "../support/hidden-probes.ts";
import { calling, mcpOf } from "../support/mcp.ts";
import { makeRole, startIssuer, trust } from "../support/users.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/*
 * Two workspaces that differ only in data that a principal may not see: other values, and additional records. They
 * respond to every probe with the same bytes, and name no hidden field. A unique value reveals that it is taken, so
 * values that only one of them has are not written.
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

/** Keys and anonymous clients have no claims, so these scopes name the owner. */
const scopesWithoutClaims = JSON.parse(JSON.stringify(scopes).replaceAll(JSON.stringify(MINE), '"me"'));

interface World {
  readonly w: TestWorkspace;
  /** Undefined for an anonymous client. */
  readonly token: string | undefined;
}

const PRINCIPALS = ["KEY", "TOKEN", "USER", "ANONYMOUS"] as const;
type Principal = (typeof PRINCIPALS)[number];

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
    {
      id: 20,
      title: "last",
      code: "taken",
      owner: "you",
      points: number,
      secret: word,
      teamId: isFirst ? 1 : null,
    },
  ]);
  await put("Comment", [
    { id: 1, text: "hello", taskId: 1 },
    { id: 11, text: word, taskId: 11 },
    ...(isFirst ? [{ id: 12, text: "hello", taskId: 11 }] : []),
    { id: 20, text: "last", taskId: 20 },
  ]);
  await mcpOf(w).setMode("FULL");
  /* Task 2 must not make team 11 visible. */
  expectStatus(await w.api("PUT", "/Task/2", { body: { owner: "me" } }), 200);
  return { w, token: await credentialOf(w, principal) };
}

async function credentialOf(w: TestWorkspace, principal: Principal): Promise<string | undefined> {
  if (principal === "KEY") return (await w.createKey({ scopes: scopesWithoutClaims })).key;
  if (principal === "TOKEN") {
    const { key } = await w.createKey({ scopes, mayMintTokens: true });
    const body = { claims: { sub: "me" } };
    const minted = await ask("POST", `${w.apiPath}/tokens`, { token: key, body });
    return expectStatus(minted, 201).body.data.token;
  }
  if (principal === "ANONYMOUS") {
    await makeRole(w, "anonymous", { scopes: scopesWithoutClaims });
    return undefined;
  }
  await makeRole(w, "authenticated", { scopes });
  provider ??= startIssuer();
  await trust(w, await provider);
  return (await provider).tokenOf("me");
}

/** One for both worlds, whose name is in what a user is told of themselves. */
let provider: ReturnType<typeof startIssuer> | undefined;

const HEADERS = [
  "ETag",
  "Link",
  "Location",
  "Allow",
  "Idempotent-Replayed",
  "Content-Type",
  "Preference-Applied",
];

/** The form of errors that tells most. */
const SENT = { Accept: "application/problem+json", "X-Request-Id": "probe" };

const HIDDEN_NAMES = ["secret", "budget", "owner"];

/** Hidden names that a response has and its request has not. */
const namesToldIn = (text: string, probe: Probe) =>
  HIDDEN_NAMES.filter((name) => text.includes(name) && !JSON.stringify(probe).includes(name));

function send({ w, token }: World, [method, path, body, headers]: Probe): Promise<Answer> {
  const asking = { ...(token !== undefined && { token }), headers: { ...SENT, ...headers } };
  if (method !== "MCP") return ask(method, w.apiPath + path, { ...asking, body });
  const accepted = { ...SENT, Accept: "application/json, text/event-stream" };
  return ask("POST", mcpOf(w).path, { ...asking, body: calling(path, body as object), headers: accepted });
}

/** The visible part of a response, without values that name the workspace or the time. */
function seen({ w }: World, { status, text, headers }: Answer): unknown {
  const plain = (value: string | null) =>
    value
      ?.replaceAll(w.organization, "ORG")
      .replaceAll(w.workspace, "WS")
      .replaceAll(/"(?:\d+-[0-9a-z]+|[0-9a-f]{16})(?:-gzip)?"/g, '"TAG"')
      .replaceAll(/\d{16}-[0-9a-z]+/g, "TAG")
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

describe.each(PRINCIPALS)("a hidden record or field, for %s", (principal) => {
  let worlds: readonly World[];
  beforeAll(async () => {
    worlds = [await makeWorld(true, principal), await makeWorld(false, principal)];
  });

  it.each([
    ["reads", reads],
    ["writes", writes],
  ] as const)("cannot be told by %s from what does not exist", async (_, probes) => {
    const told: string[] = [];
    for (const probe of probes) {
      const [method, path, body] = probe;
      const [first, second] = await Promise.all(
        worlds.map(async (world) => JSON.stringify(seen(world, await send(world, probe)))),
      );
      const names = namesToldIn(first ?? "", probe);
      if (names.length > 0) told.push(`${method} ${path} ${JSON.stringify(body)} names ${names}: ${first}`);
      if (first !== second)
        told.push(`${method} ${path} ${JSON.stringify(body)}\n${differenceOf(first, second)}`);
    }
    expect(told).toEqual([]);
    expect(probes.length).toBeGreaterThan(50);
  });
});
