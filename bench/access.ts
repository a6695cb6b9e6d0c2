import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { startIssuers } from "../test/support/processes/test-issuers.ts";
import { endProcess, onEnd, runServer } from "../tools/runtime/lifecycle.ts";
import { createApiClient } from "../tools/seed/api-client.ts";
import { alternate } from "./support/alternate.ts";
import { describeMachine } from "./support/describe-machine.ts";
import { publishResults, readNumber } from "./support/publish-results.ts";
import { ADMIN_TOKEN, startStack } from "./support/stack.ts";

/*
 * `npm run bench:access`: a list of 20 under a rule, for each kind of principal, against the same list by a principal of that kind
 * without rules that sends the rule as a filter. Rounds alternate; medians. Environment: ROUNDS (2000), RECORDS (10000).
 */
const ROUNDS = readNumber("ROUNDS", 2_000);
const RECORDS = readNumber("RECORDS", 10_000);
const BULK = 100;
const OWNERS = 100;
const OWNER = "user-7";
const AUDIENCE = "bench";
const GOAL = 0.95;
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
  const principals = await makePrincipals(baseUrl, key);
  const filtered = `/Order?size=20&filter[owner]=${OWNER}`;
  const expected = await read(baseUrl, { token: key, path: filtered });
  const check = (token: string, path: string) => async () => {
    if ((await read(baseUrl, { token, path })) !== expected) throw new Error("a rule is not its filter");
  };
  const runs = Object.entries(principals).flatMap(([kind, { ruled, plain }]) => [
    [`${kind} filter`, check(plain, filtered)] as const,
    [`${kind} rule`, check(ruled, "/Order?size=20")] as const,
  ]);
  await alternate(Math.ceil(ROUNDS / 10), Object.fromEntries(runs));
  report(Object.keys(principals), await alternate(ROUNDS, Object.fromEntries(runs)));
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

/** The credentials of one kind of principal. */
interface Principals {
  /** Whose rule is the filter. */
  readonly ruled: string;
  readonly plain: string;
}

async function makePrincipals(baseUrl: string, plain: string): Promise<Readonly<Record<string, Principals>>> {
  const admin = createApiClient(baseUrl, ADMIN_TOKEN);
  const scopesOf = (owner: unknown) => [{ entity: "Order", operations: ["read"], filter: { owner } }];
  const claimed = scopesOf({ $claim: "sub" });
  const makeKey = async (more: object) => {
    const body = { name: "rule", permission: "READ_ONLY", ...more };
    return ((await admin.require("POST", `${WORKSPACE}/api-keys`, body)) as { key: string }).key;
  };
  const mint = async (more: object) => {
    const minter = createApiClient(baseUrl, await makeKey({ mayMintTokens: true, ...more }));
    const body = { claims: { sub: OWNER }, expiresIn: 86_400 };
    return ((await minter.require("POST", `${API}/tokens`, body)) as { token: string }).token;
  };
  const roles = { ruled: claimed, plain: null };
  for (const [name, scopes] of Object.entries(roles))
    await admin.require("POST", `${WORKSPACE}/roles`, { name, permission: "READ_ONLY", scopes });
  const signIn = await startSigningIn(admin);
  return {
    "a key": { ruled: await makeKey({ scopes: scopesOf(OWNER) }), plain },
    "a token": { ruled: await mint({ scopes: claimed }), plain: await mint({}) },
    "a user": { ruled: await signIn("ruled"), plain: await signIn("plain") },
  };
}

/** Starts an issuer that the workspace trusts. Returns what makes a token of a user with a role. */
async function startSigningIn(admin: ReturnType<typeof createApiClient>) {
  const issuers = await startIssuers();
  onEnd(issuers.close);
  const issuer = `${issuers.url}/bench`;
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const keys = [{ ...(await exportJWK(publicKey)), kid: "one", alg: "RS256" }];
  await fetch(issuer, { method: "PUT", body: JSON.stringify({ keys }) });
  const body = { name: "bench", issuer, audience: AUDIENCE, roleClaim: "role" };
  await admin.require("POST", `${WORKSPACE}/issuers`, body);
  return (role: string) =>
    new SignJWT({ role })
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

function report(kinds: readonly string[], latencies: Awaited<ReturnType<typeof alternate>>): void {
  const lines = kinds.map((kind) => {
    const [filterMs = 0, ruleMs = 1] = ["filter", "rule"].map((way) => latencies[`${kind} ${way}`]?.p50Ms);
    return `| ${kind} | ${filterMs.toFixed(3)} ms | ${ruleMs.toFixed(3)} ms | ${(filterMs / ruleMs).toFixed(2)} | ${GOAL} |`;
  });
  const text = [
    "# A list of 20 under a rule",
    "",
    `${RECORDS} records of ${OWNERS} owners. ${describeMachine()}, ${new Date().toISOString().slice(0, 10)}; ${ROUNDS} requests of each, one at a time, alternating; medians.`,
    "",
    "| principal | the rule as a filter | the rule | filter : rule | goal at least |",
    "|---|---:|---:|---:|---:|",
    ...lines,
    "",
  ].join("\n");
  publishResults({ "access.md": text, "access.json": `${JSON.stringify(latencies, null, 2)}\n` });
  console.log(text);
}
