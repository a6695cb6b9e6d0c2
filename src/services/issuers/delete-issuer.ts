import { db, statementOf } from "../../db/platform.ts";
import { issuers } from "../../db/tables/users.ts";
import { changeView } from "../change-view.ts";
import type { WorkspaceContext } from "../context.ts";
import { auditIssuer, isIssuer, issuerIn } from "./issuer.ts";

/** The next request of its users is refused. Throws NOT_FOUND. */
export async function deleteIssuer(ctx: WorkspaceContext, name: string): Promise<void> {
  await changeView(ctx, (view) => {
    issuerIn(view, name);
    const place = { workspace: view.workspace, name };
    const removal = db.delete(issuers).where(isIssuer(place));
    const { before } = auditIssuer(ctx, "issuer.deleted", place);
    return { statements: [before, removal].map(statementOf), shape: () => undefined };
  });
}
