import { db, statementOf } from "../../db/platform.ts";
import { issuers } from "../../db/tables/users.ts";
import { badRequest } from "../../errors/api-errors.ts";
import type { Issuer } from "../../model/issuer.ts";
import { changeView } from "../change-view.ts";
import type { WorkspaceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { auditIssuer, createIssuerSchema, MAX_ISSUERS, requireUsable } from "./issuer.ts";

/** Trusts an identity provider. Throws VALIDATION_ERROR, NOT_FOUND, UNIQUE_CONSTRAINT_VIOLATION, BAD_REQUEST. */
export async function createIssuer(ctx: WorkspaceContext, body: unknown): Promise<Issuer> {
  const { policy } = ctx.webhooks;
  const input = parseInput(createIssuerSchema(policy), body);
  const now = ctx.now.toISOString();
  const issuer: Issuer = { ...input, createdAt: now, updatedAt: now };
  return changeView(ctx, ({ workspace, issuers: existing }) => {
    requireUsable(issuer, existing, policy);
    if (existing.length >= MAX_ISSUERS) throw badRequest(`A workspace is limited to ${MAX_ISSUERS} issuers`);
    return {
      statements: [
        db.insert(issuers).values({ ...issuer, workspaceId: workspace.id }),
        auditIssuer(ctx, "issuer.created", { workspace, name: issuer.name }).after,
      ].map(statementOf),
      shape: () => issuer,
    };
  });
}
