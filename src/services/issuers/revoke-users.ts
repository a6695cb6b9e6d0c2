import { and, eq } from "drizzle-orm";
import * as z from "zod/v4";
import { auditChange, columnsWithout } from "../../db/audit.ts";
import { db, statementOf } from "../../db/platform.ts";
import { userRevocations } from "../../db/tables/users.ts";
import { runFenced } from "../../fence/run-fenced.ts";
import { stepsOf } from "../../write/plan/write-plan.ts";
import type { WorkspaceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { type revocationSchema, subjectSchema } from "../field-schemas.ts";
import { parseInput } from "../parse-input.ts";
import { issuerIn } from "./issuer.ts";

export const revokeUsersSchema = z.strictObject({
  /** Absent for everybody. */
  sub: subjectSchema.optional(),
});

export interface RevokeUsersInput {
  /** The name of the issuer. */
  readonly name: string;
  readonly body: () => unknown;
}

/** Revokes an issuer's tokens, or those of one subject, that were issued until now. Throws VALIDATION_ERROR, NOT_FOUND. */
export async function revokeUsers(
  ctx: WorkspaceContext,
  { name, body }: RevokeUsersInput,
): Promise<Dto<typeof revocationSchema>> {
  const revokedBefore = ctx.now.toISOString();
  const { sub: subject = "" } = parseInput(revokeUsersSchema, body());
  return runFenced(ctx, {
    need: "MANAGE",
    plan(view) {
      const { issuer } = issuerIn(view, name);
      const revoked = { workspaceId: view.workspace.id, issuer, subject };
      return {
        kind: "WRITE",
        steps: stepsOf(revocation(ctx, { ...revoked, revokedBefore }, name)),
        shape: () => ({ revokedBefore }),
      };
    },
  });
}

function revocation(ctx: WorkspaceContext, row: typeof userRevocations.$inferInsert, name: string) {
  const { workspaceId, issuer, subject = "", revokedBefore } = row;
  const upsert = db
    .insert(userRevocations)
    .values(row)
    .onConflictDoUpdate({
      target: [userRevocations.workspaceId, userRevocations.issuer, userRevocations.subject],
      set: { revokedBefore },
    });
  const audit = auditChange(
    ctx,
    { action: "users.revoked", subject: name, workspaceId },
    {
      table: userRevocations,
      columns: columnsWithout(userRevocations, ["workspaceId"]),
      where: and(
        eq(userRevocations.workspaceId, workspaceId),
        eq(userRevocations.issuer, issuer),
        eq(userRevocations.subject, subject),
      ),
    },
  );
  return [upsert, audit.after].map(statementOf);
}
