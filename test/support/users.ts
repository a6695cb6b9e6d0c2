import { expectStatus } from "./api.ts";
import { makeIssuer, type TestIssuer } from "./test-issuer.ts";
import type { TestWorkspace } from "./workspace.ts";

export const AUDIENCE = "audience-of-users";
export const KEY_ID = "one";

export interface UserIssuer extends TestIssuer {
  /** The token of a user. */
  tokenOf(sub: string, claims?: Readonly<Record<string, unknown>>): Promise<string>;
}

/** An OpenID provider of its own with one key. */
export async function startIssuer(): Promise<UserIssuer> {
  const issuer = makeIssuer(`issuer-${crypto.randomUUID()}`, AUDIENCE);
  await issuer.addKey(KEY_ID);
  return { ...issuer, tokenOf: (sub, claims = {}) => issuer.sign(KEY_ID, { sub, ...claims }) };
}

/** Lets the issuer's users into a workspace. */
export async function trust(
  w: TestWorkspace,
  { issuer }: Pick<TestIssuer, "issuer">,
  more: object = {},
): Promise<void> {
  const body = { name: "main", issuer, audience: AUDIENCE, ...more };
  expectStatus(await w.admin("POST", "/issuers", { body }), 201);
}

export async function makeRole(w: TestWorkspace, name: string, more: object = {}): Promise<void> {
  const body = { name, permission: "READ_WRITE", scopes: null, ...more };
  expectStatus(await w.admin("POST", "/roles", { body }), 201);
}
