import * as z from "zod/v4";
import { mintingNotAllowed, validationFailed } from "../../errors/api-errors.ts";
import { AppError } from "../../errors/app-error.ts";
import { runFenced } from "../../fence/run-fenced.ts";
import type { Access, ApiKeyScope } from "../../model/access.ts";
import type { Actor } from "../../model/actor.ts";
import type { JsonObject } from "../../model/json.ts";
import type { PlanningView } from "../../model/workspace.ts";
import { visibleTo } from "../../query/rules/visible.ts";
import { MAX_TOKEN_LENGTH, mintUserToken } from "../../tokens/user-token.ts";
import type { WorkspaceContext } from "../context.ts";
import { subjectSchema } from "../field-schemas.ts";
import { parseInput } from "../parse-input.ts";
import { resolveScopes } from "../scopes/resolve-scopes.ts";
import { type NamedScope, scopesSchema } from "../scopes/scope-schema.ts";

const DEFAULT_SECONDS = 3_600;
/** The longest lifetime of a token. */
export const MAX_TOKEN_SECONDS = 86_400;
const MAX_CLAIMS_BYTES = 2_048;

const claimsSchema = z
  .looseObject({ sub: subjectSchema })
  .refine(
    (claims) => new TextEncoder().encode(JSON.stringify(claims)).length <= MAX_CLAIMS_BYTES,
    `must be at most ${MAX_CLAIMS_BYTES} bytes of JSON`,
  );

const createTokenSchema = z.strictObject({
  claims: claimsSchema,
  expiresIn: z.int().min(60).max(MAX_TOKEN_SECONDS).default(DEFAULT_SECONDS),
  scopes: scopesSchema.nullable().optional(),
});

export interface CreatedToken {
  readonly token: string;
  readonly expiresAt: string;
}

/**
 * Mints a token for a user of the key's holder. Nothing is written. Throws FORBIDDEN for a key that may not mint,
 * VALIDATION_ERROR, SERVICE_UNAVAILABLE without a secret.
 */
export async function createToken(ctx: WorkspaceContext, body: () => unknown): Promise<CreatedToken> {
  const { claims, expiresIn, scopes } = await runFenced(ctx, {
    need: "READ",
    plan(view) {
      if (!view.access.mayMintTokens) throw mintingNotAllowed(whoMints(view.actor));
      const input = parseInput(createTokenSchema, body());
      const narrowed = input.scopes ? narrow(view, input.scopes) : null;
      return { kind: "READ", statements: [], shape: () => ({ ...input, scopes: narrowed }) };
    },
  });
  const { actor, now, address } = ctx;
  if (actor.kind !== "KEY") throw mintingNotAllowed();
  const expiresAt = new Date(Math.floor(now.getTime() / 1000 + expiresIn) * 1000);
  const token = { subject: claims.sub, claims: claims as JsonObject, scopes, issuedAt: now, expiresAt };
  const minted = await mintUserToken(secretOf(ctx), { ...address, keyId: actor.key.keyId, token });
  if (minted.length > MAX_TOKEN_LENGTH) {
    const message = `make a token of more than ${MAX_TOKEN_LENGTH} characters`;
    throw validationFailed([{ field: "scopes", message }]);
  }
  return { token: minted, expiresAt: expiresAt.toISOString() };
}

/** Whom the error names if minting is not allowed: the key, even if a user of its token asks. */
export const whoMints = ({ kind }: Actor) => (kind === "USER" || kind === "ANONYMOUS" ? "USER" : "KEY");

/** Resolves only names that the key can see, because an error must not reveal others. */
function narrow(
  { catalog, access, asOf }: PlanningView,
  named: readonly NamedScope[],
): readonly ApiKeyScope[] {
  const visible = visibleTo(catalog, access, asOf);
  const entities = [...visible.catalog.entities].filter(([, entity]) => isUsable(access, entity.id));
  const known = { ...visible.catalog, entities: new Map(entities) };
  const { scopes, details } = resolveScopes({ catalog: known, scope: visible.scope }, named);
  if (details.length > 0) throw validationFailed(details);
  return scopes;
}

const isUsable = ({ isAllowed }: Access, id: string) =>
  (["read", "create", "update", "delete"] as const).some((operation) => isAllowed(operation, { id }));

function secretOf({ tokenSecretKey }: WorkspaceContext): string {
  if (tokenSecretKey !== undefined) return tokenSecretKey;
  throw new AppError(
    "SERVICE_UNAVAILABLE",
    "User tokens are not available: this deployment has no TOKEN_SECRET_KEY",
    { headers: { "Retry-After": "3600" } },
  );
}
