import { db, statementOf } from "../../db/platform.ts";
import { roles } from "../../db/tables/users.ts";
import { changeView } from "../change-view.ts";
import type { WorkspaceContext } from "../context.ts";
import { auditRole, isRole, roleIn } from "./role.ts";

/** Users lose the role with the next request. Throws NOT_FOUND. */
export async function deleteRole(ctx: WorkspaceContext, name: string): Promise<void> {
  await changeView(ctx, (view) => {
    roleIn(view, name);
    const place = { workspace: view.workspace, name };
    const removal = db.delete(roles).where(isRole(place));
    const { before } = auditRole(ctx, "role.deleted", place);
    return { statements: [before, removal].map(statementOf), shape: () => undefined };
  });
}
