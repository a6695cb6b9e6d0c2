import { db, statementOf } from "../../db/platform.ts";
import { issuers } from "../../db/tables/users.ts";
import type { Issuer } from "../../model/issuer.ts";
import { changeView } from "../change-view.ts";
import type { WorkspaceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { withoutUndefined } from "../without-undefined.ts";
import { auditIssuer, isIssuer, issuerIn, requireUsable, updateIssuerSchema } from "./issuer.ts";

export interface UpdateIssuerInput {
  readonly name: string;
  readonly body: unknown;
}

/** Changes the sent properties. Throws VALIDATION_ERROR, NOT_FOUND, UNIQUE_CONSTRAINT_VIOLATION. */
export async function updateIssuer(
  ctx: WorkspaceContext,
  { name, body }: UpdateIssuerInput,
): Promise<Issuer> {
  const { policy } = ctx.webhooks;
  const input = parseInput(updateIssuerSchema(policy), body);
  const changes = { ...withoutUndefined(input), updatedAt: ctx.now.toISOString() };
  return changeView(ctx, (view) => {
    const issuer: Issuer = { ...issuerIn(view, name), ...changes };
    const others = view.issuers.filter((other) => other.name !== name);
    requireUsable(issuer, others, policy);
    const place = { workspace: view.workspace, name };
    const audit = auditIssuer(ctx, "issuer.updated", place);
    const update = db.update(issuers).set(changes).where(isIssuer(place));
    return { statements: [audit.before, update, audit.after].map(statementOf), shape: () => issuer };
  });
}
