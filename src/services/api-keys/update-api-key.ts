import { eq, sql } from "drizzle-orm";
import { scopedEntitiesOf } from "../../db/lookups.ts";
import { db } from "../../db/platform.ts";
import { apiKeySecrets, apiKeys } from "../../db/tables/platform.ts";
import type { WorkspaceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { readScopes } from "../scopes/read-scopes.ts";
import { withoutUndefined } from "../without-undefined.ts";
import {
  type ApiKeyDto,
  auditKey,
  type Grants,
  isKeyOf,
  rejectContradiction,
  toApiKeyDto,
  toApiKeyRecord,
  updateApiKeySchema,
} from "./api-key.ts";
import { apiKeyMissing } from "./api-key-missing.ts";
import { publishApiKey } from "./publish-api-key.ts";

export interface UpdateApiKeyInput {
  readonly id: string;
  readonly body: unknown;
}

/** Needed only if scopes change without a permission. */
async function storedPermission(ctx: WorkspaceContext, id: string, { scopes }: Grants) {
  if (!scopes) return undefined;
  const own = isKeyOf(ctx.address, id);
  const [[row]] = await ctx.platform.readBatch([
    db.select({ permission: apiKeys.permission }).from(apiKeys).where(own),
  ]);
  return row?.permission;
}

/**
 * Changes the sent properties, from the next request on. A revoked key stays revoked. Throws VALIDATION_ERROR,
 * NOT_FOUND.
 */
export async function updateApiKey(
  ctx: WorkspaceContext,
  { id, body }: UpdateApiKeyInput,
): Promise<ApiKeyDto> {
  const input = parseInput(updateApiKeySchema, body);
  rejectContradiction({ ...input, permission: input.permission ?? (await storedPermission(ctx, id, input)) });
  const { scopes, warnings } = await readScopes(ctx, input.scopes);
  const changes = withoutUndefined({ ...input, scopes });
  const audit = auditKey(ctx, { action: "api-key.updated", id });
  const [, [row], , secrets, entities] = await ctx.platform.writeBatch([
    audit.before,
    db
      .update(apiKeys)
      .set({ ...changes, version: sql`${apiKeys.version} + 1` })
      .where(isKeyOf(ctx.address, id))
      .returning(),
    audit.after,
    db.select({ hash: apiKeySecrets.hash }).from(apiKeySecrets).where(eq(apiKeySecrets.keyId, id)),
    scopedEntitiesOf(ctx.address),
  ]);
  if (!row) throw await apiKeyMissing(ctx, id);
  const hashes = secrets.map(({ hash }) => hash);
  if (row.revokedAt === null) await publishApiKey(ctx, hashes, toApiKeyRecord(row, ctx.address));
  return { ...toApiKeyDto(row, entities), ...warnings };
}
