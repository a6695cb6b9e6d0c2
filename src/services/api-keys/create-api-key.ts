import { eq, sql } from "drizzle-orm";
import { scopedEntitiesOf, workspaceIdOf } from "../../db/lookups.ts";
import { db } from "../../db/platform.ts";
import { apiKeySecrets, apiKeys } from "../../db/tables/platform.ts";
import { workspaceMissing } from "../../fence/workspace-missing.ts";
import { newId } from "../../lib/ids.ts";
import { SqlFailure } from "../../libsql/sql-failure.ts";
import { composeApiKey } from "../../model/api-key.ts";
import type { WorkspaceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { readScopes } from "../scopes/read-scopes.ts";
import { newKey } from "../secrets.ts";
import {
  type ApiKeyWithSecretDto,
  auditKey,
  createApiKeySchema,
  rejectUseless,
  toApiKeyDto,
  toApiKeyRecord,
} from "./api-key.ts";

/** Only the response contains the key itself. Throws VALIDATION_ERROR, NOT_FOUND, SERVICE_UNAVAILABLE. */
export async function createApiKey(ctx: WorkspaceContext, body: unknown): Promise<ApiKeyWithSecretDto> {
  const input = parseInput(createApiKeySchema, body);
  const { scopes, warnings } = await readScopes(ctx, input.scopes);
  rejectUseless(input, ctx.now);
  const { key, hash, keyPrefix } = await newKey(composeApiKey);
  const id = newId("key");
  const workspaceId = sql<number>`(${workspaceIdOf(ctx.address)})`;
  const values = {
    ...input,
    scopes,
    id,
    workspaceId,
    keyPrefix,
    createdAt: ctx.now.toISOString(),
  };
  const audit = auditKey(ctx, { action: "api-key.created", id });
  try {
    const [[row], , , entities] = await ctx.platform.writeBatch([
      db.insert(apiKeys).values(values).returning(),
      db.insert(apiKeySecrets).values({ hash, keyId: id }),
      audit.after,
      scopedEntitiesOf(ctx.address),
    ]);
    if (!row) throw new Error("an insert returned no row");
    await ctx.apiKeys.put(hash, toApiKeyRecord(row, ctx.address)).catch(async (failure) => {
      await ctx.platform.writeBatch([db.delete(apiKeys).where(eq(apiKeys.id, id)), audit.undo]);
      throw failure;
    });
    return { ...toApiKeyDto(row, entities), ...warnings, key };
  } catch (failure) {
    if (failure instanceof SqlFailure && failure.isNotNull) throw await workspaceMissing(ctx);
    throw failure;
  }
}
