import { sql } from "drizzle-orm";
import * as z from "zod/v4";
import { auditChange, columnsWithout } from "../../db/audit.ts";
import { workspaceIdOf } from "../../db/lookups.ts";
import { db, statementOf } from "../../db/platform.ts";
import { tokenRevocations } from "../../db/tables/platform.ts";
import { mintingNotAllowed } from "../../errors/api-errors.ts";
import { runFenced } from "../../fence/run-fenced.ts";
import { stepsOf } from "../../write/plan/write-plan.ts";
import type { WorkspaceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { type revocationSchema, subjectSchema } from "../field-schemas.ts";
import { parseInput } from "../parse-input.ts";
import { whoMints } from "./create-token.ts";

const oneSubject = z.strictObject({ sub: subjectSchema });
const allSubjects = z.strictObject({ all: z.literal(true) });

export const revokeTokensSchema = z.union([oneSubject, allSubjects]);

/**
 * Ends all tokens issued before now: those of a subject, or all. An administrator ends those of every key, a minting
 * key only its own. Throws VALIDATION_ERROR, FORBIDDEN, NOT_FOUND.
 */
export async function revokeTokens(
  ctx: WorkspaceContext,
  body: () => object,
): Promise<Dto<typeof revocationSchema>> {
  const { now } = ctx;
  return runFenced(ctx, {
    need: "MANAGE",
    plan({ workspace, actor, access }) {
      if (actor.kind !== "ADMIN" && !access.mayMintTokens) throw mintingNotAllowed(whoMints(actor));
      const subject = subjectIn(body());
      const keyId = actor.kind === "KEY" ? actor.key.keyId : "";
      return {
        kind: "WRITE",
        steps: stepsOf(revocation(ctx, { workspaceId: workspace.id, keyId, subject })),
        shape: () => ({ revokedBefore: now.toISOString() }),
      };
    },
  });
}

/** The subject whose tokens end; empty for all. */
function subjectIn(sent: object): string {
  if (!("all" in sent)) return parseInput(oneSubject, sent).sub;
  parseInput(allSubjects, sent);
  return "";
}

interface Revoked {
  readonly workspaceId: number;
  readonly keyId: string;
  readonly subject: string;
}

function revocation(ctx: WorkspaceContext, revoked: Revoked) {
  const { now, address, actor } = ctx;
  const revokedBefore = now.toISOString();
  const upsert = db
    .insert(tokenRevocations)
    .values({ ...revoked, revokedBefore })
    .onConflictDoUpdate({
      target: [tokenRevocations.workspaceId, tokenRevocations.keyId, tokenRevocations.subject],
      set: { revokedBefore },
    });
  if (actor.kind !== "ADMIN") return [statementOf(upsert)];
  const { workspaceId, keyId, subject } = revoked;
  const audit = auditChange(
    ctx,
    {
      action: "tokens.revoked",
      subject: subject || "all",
      workspaceId: sql`(${workspaceIdOf(address)})`,
    },
    {
      table: tokenRevocations,
      columns: columnsWithout(tokenRevocations, ["workspaceId", "keyId"]),
      where: sql`${tokenRevocations.workspaceId} = ${workspaceId} AND ${tokenRevocations.keyId} = ${keyId} AND ${tokenRevocations.subject} = ${subject}`,
    },
  );
  return [statementOf(upsert), statementOf(audit.after)];
}
