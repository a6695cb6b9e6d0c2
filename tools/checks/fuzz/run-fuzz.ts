import type { Parts } from "../../../test/support/find-operation.ts";
import { EMPTY_COLLECTIONS, type FuzzOptions, type FuzzReport, FuzzRun, type GrammarOf } from "./fuzz-run.ts";
import { fuzzEntities } from "./fuzz-schema.ts";
import type { FuzzTarget } from "./fuzz-target.ts";
import type { Foreign } from "./generate-json.ts";
import type { RequestGrammar } from "./generate-request.ts";
import type { FuzzedWorkspace } from "./make-workspace.ts";
import { makeRandom } from "./random.ts";

/** One fifth of the requests go to the admin API, so many to each of the workspaces that they change. */
const ADMIN_SHARE = 0.2;
const ADMIN_ROUND = 150;
/** After this many requests the workspace is opened again, whatever its settings. */
const OPENED_EVERY = 50;
/** The first id of records in other workspaces, so that own records are not mistaken for theirs. */
const FOREIGN_IDS = 7_000_001;
const MUTATIONS = [0, 0.02, 0.1, 0.3];

/**
 * Sends requests from the documents' grammar, correct and nearly correct. Every response must be documented and no 5xx,
 * and must not reveal the implementation or another workspace. Other workspaces and the database's catalogue must stay
 * the same.
 */
export async function runFuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  const { requests } = options;
  const own = await target.makeWorkspace();
  const others = [await target.makeWorkspace(), await target.makeWorkspace(own)];
  const run = new FuzzRun(target, options, others);
  const filled: Foreign[] = [];
  for (const [i, other] of others.entries())
    filled.push(await fillWithRecords(target, other, FOREIGN_IDS + i));
  const foreign = {
    ids: filled.flatMap(({ ids }) => ids),
    cursors: filled.flatMap(({ cursors }) => cursors),
    headers: filled.flatMap(({ headers }) => headers),
  };
  const contents = () => Promise.all(others.map((other) => target.contentsOf(other)));
  const before = { others: await contents(), catalogue: await target.catalogue() };
  const adminRequests = Math.round(requests * ADMIN_SHARE);
  await run.send(requests - adminRequests, recordGrammar({ own, others, foreign }, target.adminToken));
  run.expectSame("the database's catalogue", before.catalogue, await target.catalogue());
  for (let left = adminRequests; left > 0; left -= ADMIN_ROUND) {
    const spoiled = await target.makeWorkspace();
    const grammarOf = adminGrammar(target, spoiled, { others, foreign });
    for (let sent = 0; sent < Math.min(left, ADMIN_ROUND); sent += OPENED_EVERY) {
      await run.send(OPENED_EVERY, grammarOf);
      await target.open(spoiled);
    }
    await target.remove(spoiled);
  }
  run.expectSame("the catalogue after every deletion", before.catalogue, await target.catalogue());
  const after = await contents();
  for (const [i, { home }] of others.entries()) run.expectSame(home, before.others[i], after[i]);
  return run.report;
}

interface Sides {
  readonly own: FuzzedWorkspace;
  readonly others: readonly FuzzedWorkspace[];
  readonly foreign: Foreign;
}

function recordGrammar({ own, others, foreign }: Sides, adminToken: string): GrammarOf {
  const ids: (string | number)[] = [1, 2, 3, 4, 5];
  const tokens = [...own.tokens, ...others.flatMap((other) => other.tokens), adminToken, "sk_live_wrong"];
  const common = {
    document: own.document,
    ids,
    tokens,
    words: wordsOf(own.document),
    places: { email: ["a", 1, 2, 3, 4, 5].map((name) => `${name}@example.com`) },
    bodies: recordBodies,
    foreign,
    home: own.home,
    elsewhere: others.map(({ home }) => home),
  };
  return (seed) => withRandom(common, seed);
}

function adminGrammar(
  target: FuzzTarget,
  spoiled: FuzzedWorkspace,
  { others, foreign }: Omit<Sides, "own">,
): GrammarOf {
  const words = [...wordsOf(spoiled.document), spoiled.organization, "w"];
  const places = {
    organization: [...Array(5).fill(spoiled.organization), spoiled.emptyOrganization],
    workspace: ["w"],
    entity: ["Customer", "Order", "Tag", "Remark"],
    column: ["name", "email", "customerId", "placedOn", "extra"],
    "api-keys": [...spoiled.keyIds, ...others.flatMap(({ keyIds }) => keyIds)],
    ...Object.fromEntries(EMPTY_COLLECTIONS.map((name) => [name, []])),
    issuers: ISSUER_NAMES,
    roles: ROLE_NAMES,
    webhooks: [spoiled.webhookId, spoiled.webhookId, ...others.map(({ webhookId }) => webhookId)],
    deliveries: [...spoiled.deliveryIds, ...others.flatMap(({ deliveryIds }) => deliveryIds)],
  };
  const tokens = [target.adminToken, ...spoiled.tokens, ...others.flatMap((other) => other.tokens)];
  const sends = [...Array<FuzzedWorkspace>(8).fill(spoiled), ...others].map(({ tagIds: ids }) => ({
    entity: "Tag",
    ids,
  }));
  const bodies = { ...adminBodies, "/send": sends };
  const ids: (string | number)[] = [];
  const common = { document: target.adminDocument, ids, tokens, words, places, bodies, foreign };
  return (seed) => withRandom(common, seed);
}

const recordBodies = {
  "/Customer": [
    { email: "a@example.com", name: "A" },
    { email: "a@example.com", name: "A", orders: [{ quantity: 1, tags: [{ label: "e" }], children: [] }] },
  ],
  "/Customer/{id}": [{ name: "B" }],
  "/Customer/by/email/{value}": [{ name: "C" }],
  "/Order": [{ quantity: 3 }, { quantity: 4, tags: [{ label: "f", remarks: [{}] }] }],
  "/Order/{id}": [{ quantity: 2 }],
  "/Tag": [{ label: "c" }],
  "/Tag/{id}": [{ label: "d" }],
};
const ISSUER_NAMES = ["one", "two"];
const ROLE_NAMES = ["authenticated", "anonymous"];
const adminBodies = {
  "/issuers": ISSUER_NAMES.map((name) => ({
    name,
    issuer: `https://${name}.receiver.invalid`,
    audience: "app",
  })),
  "/issuers/{name}": [{ audience: "other", roleClaim: "role" }],
  "/revoke": [{ sub: "ann" }, {}],
  "/roles": ROLE_NAMES.map((name) => ({
    name,
    permission: "READ_WRITE",
    scopes: [{ entity: "Customer", operations: ["read"], filter: { email: { $claim: "email" } } }],
  })),
  "/roles/{name}": [{ permission: "READ_ONLY", scopes: null }],
  "/members": Array.from({ length: 30 }, (_, i) => ({
    email: `vera${i}@example.com`,
    organization: null,
    role: "VIEWER",
  })),
  "/members/{id}": [{ role: "EDITOR" }],
  "/admin-keys": [{ name: "script", organization: null, role: "VIEWER" }],
  "/admin-keys/{id}": [{ name: "other script" }],
  "post /admin/v1/organizations/{organization}/workspaces/{workspace}/entities": [
    { name: "More", columns: [] },
  ],
  "/columns": [{ name: "added", type: "INTEGER" }],
  "/columns/{column}": [{ indexed: true }],
  "/schema": [{ entities: fuzzEntities }],
  "/webhooks": [{ name: "more", url: "https://receiver.invalid/", events: ["record.created"] }],
  "/rotate-secret": [{}],
};

function withRandom(common: Omit<RequestGrammar, "random" | "mutation">, seed: number): RequestGrammar {
  const random = makeRandom(seed);
  return { ...common, random, mutation: random.pick(MUTATIONS) };
}

/** Names of fields, relationships and operators in the filters of the document. */
function wordsOf({ components }: Parts): readonly string[] {
  const filters = Object.entries(components.schemas as Parts).filter(([name]) => name.endsWith("-filter"));
  const found = filters.flatMap(([, { properties, patternProperties = {} }]) => [
    ...Object.keys(properties).flatMap((name) => name.split(".")),
    ...Object.keys(patternProperties).flatMap((pattern) => pattern.match(/[A-Za-z]\w*/g) ?? []),
  ]);
  return [
    ...new Set([
      ...found,
      "asc",
      "desc",
      "nullsFirst",
      "count",
      "sum",
      "true",
      "false",
      "0",
      "1",
      "2026-01-01",
    ]),
  ];
}

/** Records of another workspace, and what somebody could try elsewhere with their values. */
async function fillWithRecords(
  { baseUrl }: FuzzTarget,
  { home, tokens, marker, keyIds, webhookId, deliveryIds, tagIds }: FuzzedWorkspace,
  id: number,
): Promise<Foreign> {
  const path = `/api/v1${home}`;
  const common = { Authorization: `Bearer ${tokens[0]}`, "Content-Type": "application/json" };
  const tags: string[] = [];
  for (const [entity, body] of Object.entries({
    Customer: { id, email: "other@example.com", name: marker },
    Order: { id, customerId: id, quantity: 3, notes: marker },
    Tag: { label: marker, orderId: id },
  })) {
    const headers = { ...common, "Idempotency-Key": REQUEST_KEY };
    const response = await fetch(`${baseUrl}${path}/${entity}`, {
      method: "POST",
      headers: entity === "Customer" ? headers : common,
      body: JSON.stringify(body),
    });
    if (response.status !== 201)
      throw new Error(`${path}/${entity} answered ${response.status}: ${await response.text()}`);
    tags.push(response.headers.get("ETag") ?? "");
  }
  const page = await fetch(`${baseUrl}${path}/Tag?cursor=&size=1`, { headers: common });
  const { nextCursor } = ((await page.json()) as { meta: { nextCursor: string } }).meta;
  return {
    ids: [id, ...tagIds, ...keyIds, webhookId, ...deliveryIds],
    cursors: [nextCursor],
    headers: [...tags, REQUEST_KEY],
  };
}

/** A path of a request in another workspace; here it stands for another one. */
const REQUEST_KEY = "key-1";
