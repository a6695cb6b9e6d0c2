import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { startIssuers } from "../test/support/processes/test-issuers.ts";
import { endProcess, onEnd, runServer } from "../tools/runtime/lifecycle.ts";
import { createApiClient } from "../tools/seed/api-client.ts";
import { alternate } from "./support/alternate.ts";
import { publishResults, readNumber } from "./support/publish-results.ts";
import { ADMIN_TOKEN, startStack } from "./support/stack.ts";

/*
 * `npm run bench:access`: a list of 20 under a rule, for each kind of principal, against the same list by a key without rules that
 * sends the rule as a filter. Rounds alternate; medians. Environment: ROUNDS (3000), RECORDS (10000).
 */
const ROUNDS = readNumber("ROUNDS", 3_000);
const RECORDS = readNumber("RECORDS", 10_000);
const BULK = 100;
const OWNERS = 100;
const OWNER = "user-7";
const AUDIENCE = "bench";
const GOAL = 0.95;
const FILTER = "as a filter";
const WORKSPACE = "/admin/v1/organizations/bench/workspaces/access";
const API = "/api/v1/bench/access";
const VARIABLES = {
  ALLOW_HTTP_WEBHOOKS: "true",
  ALLOW_PRIVATE_WEBHOOKS: "true",
  TOKEN_SECRET_KEY: "bench-token-secret-key-of-32-characters",
};

await runServer(async () => {
  const directory = mkdtempSync(join(tmpdir(), "bench-access-"));
  onEnd(() => rmSync(directory, { recursive: true, force: true }));
  const { baseUrl } = await startStack(directory, VARIABLES);
  const key = await load(baseUrl);
  const rules = await makePrincipals(baseUrl);
  const filtered = { token: key, path: `/Order?size=20&filter[owner]=${OWNER}` };
  const expected = await read(baseUrl, filtered);
  const check = (list: List) => async () => {
    if ((await read(baseUrl, list)) !== expected)
      throw new Error("a rule lists something else than the filter");
  };
  const ruled = Object.entries(rules).map(([name, token]) => [
    name,
    check({ token, path: "/Order?size=20" }),
  ]);
  const runs = { [FILTER]: check(filtered), ...Object.fromEntries(ruled) };
  await alternate(Math.ceil(ROUNDS / 10), runs);
  report(await alternate(ROUNDS, runs));
  await endProcess(0);
});

/** Fills the workspace. Returns a key without rules. */
async function load(baseUrl: string): Promise<string> {
  const admin = createApiClient(baseUrl, ADMIN_TOKEN);
  await admin.require("POST", "/admin/v1/organizations", { slug: "bench", name: "Bench" });
  await admin.require("POST", "/admin/v1/organizations/bench/workspaces", { slug: "access", name: "Access" });
  const columns = [
    { name: "number", type: "VARCHAR" },
    { name: "status", type: "VARCHAR" },
    { name: "owner", type: "VARCHAR", indexed: true },
  ];
  await admin.require("POST", `${WORKSPACE}/entities`, { name: "Order", columns });
  const body = { name: "bench", permission: "READ_WRITE" };
  const { key } = (await admin.require("POST", `${WORKSPACE}/api-keys`, body)) as { key: string };
  const api = createApiClient(baseUrl, key);
  const order = (i: number) => ({ number: `order-${i}`, status: "NEW", owner: `user-${i % OWNERS}` });
  for (let from = 0; from < RECORDS; from += BULK) {
    const records = Array.from({ length: BULK }, (_, i) => order(from + i));
    await api.require("POST", `${API}/Order/bulk`, records);
  }
  return key;
}

/** Tokens of principals whose rule is that filter, by what they are. */
async function makePrincipals(baseUrl: string): Promise<Readonly<Record<string, string>>> {
  const admin = createApiClient(baseUrl, ADMIN_TOKEN);
  const scopes = (owner: unknown) => [{ entity: "Order", operations: ["read"], filter: { owner } }];
  const claimed = scopes({ $claim: "sub" });
  const makeKey = async (more: object) => {
    const body = { name: "rule", permission: "READ_ONLY", ...more };
    return ((await admin.require("POST", `${WORKSPACE}/api-keys`, body)) as { key: string }).key;
  };
  const key = await makeKey({ scopes: scopes(OWNER) });
  const minter = await makeKey({ scopes: claimed, mayMintTokens: true });
  const minted = await createApiClient(baseUrl, minter).require("POST", `${API}/tokens`, {
    claims: { sub: OWNER },
    expiresIn: 86_400,
  });
  await admin.require("POST", `${WORKSPACE}/roles`, {
    name: "authenticated",
    permission: "READ_ONLY",
    scopes: claimed,
  });
  const user = await signIn(admin);
  return { "a key": key, "a token": (minted as { token: string }).token, "a user": user };
}

/** The token of a user of a new issuer, which the workspace trusts. */
async function signIn(admin: ReturnType<typeof createApiClient>): Promise<string> {
  const issuers = await startIssuers();
  onEnd(issuers.close);
  const issuer = `${issuers.url}/bench`;
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const keys = [{ ...(await exportJWK(publicKey)), kid: "one", alg: "RS256" }];
  await fetch(issuer, { method: "PUT", body: JSON.stringify({ keys }) });
  await admin.require("POST", `${WORKSPACE}/issuers`, { name: "bench", issuer, audience: AUDIENCE });
  return new SignJWT()
    .setProtectedHeader({ alg: "RS256", kid: "one" })
    .setIssuer(issuer)
    .setAudience(AUDIENCE)
    .setSubject(OWNER)
    .setExpirationTime("1d")
    .sign(privateKey);
}

interface List {
  readonly token: string;
  readonly path: string;
}

async function read(baseUrl: string, { token, path }: List): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${baseUrl}${API}${path}`, { headers });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${text}`);
  return text;
}

function report(latencies: Awaited<ReturnType<typeof alternate>>): void {
  const filterMs = latencies[FILTER]?.p50Ms ?? 0;
  const lines = Object.entries(latencies).map(([name, { p50Ms, p95Ms }]) => {
    const goal = name === FILTER ? "" : GOAL;
    return `| ${name} | ${p50Ms.toFixed(3)} ms | ${p95Ms.toFixed(3)} ms | ${(filterMs / p50Ms).toFixed(2)} | ${goal} |`;
  });
  const text = [
    "# A list of 20 under a rule",
    "",
    `${RECORDS} records of ${OWNERS} owners. ${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}; ${ROUNDS} requests of each, one at a time, alternating; medians.`,
    "",
    "| the rule | median | p95 | filter : rule | goal at least |",
    "|---|---:|---:|---:|---:|",
    ...lines,
    "",
  ].join("\n");
  publishResults({ "access.md": text, "access.json": `${JSON.stringify(latencies, null, 2)}\n` });
  console.log(text);
}
