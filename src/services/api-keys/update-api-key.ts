import { eq, sql } from "drizzle-orm";
import { apiKeySecrets, apiKeys } from "../../db/tables/platform.ts";
import type { WorkspaceContext } from "../context.ts";
import { parseInput } from "../parse-input.ts";
import { withoutUndefined } from "../without-undefined.ts";
import { type ApiKeyDto, isKeyOf, toApiKeyDto, toApiKeyRecord, updateApiKeySchema } from "./api-key.ts";
import { apiKeyMissing } from "./api-key-missing.ts";
import { publishApiKey } from "./publish-api-key.ts";

export interface UpdateApiKeyInput {
  readonly id: string;
  readonly body: unknown;
}

/** Changes what is sent; holds from the next request. A revoked key stays revoked. Throws VALIDATION_ERROR, NOT_FOUND. */
export async function updateApiKey(
  ctx: WorkspaceContext,
  { id, body }: UpdateApiKeyInput,
): Promise<ApiKeyDto> {
  const { read, write } = ctx.platform;
  const changes = withoutUndefined(parseInput(updateApiKeySchema, body));
  const [[row], secrets] = await write.batch([
    write
      .update(apiKeys)
      .set({ ...changes, version: sql`${apiKeys.version} + 1` })
      .where(isKeyOf(ctx.platform, { address: ctx.address, id }))
      .returning(),
    read.select({ hash: apiKeySecrets.hash }).from(apiKeySecrets).where(eq(apiKeySecrets.keyId, id)),
  ]);
  if (!row) throw await apiKeyMissing(ctx, id);
  const hashes = secrets.map(({ hash }) => hash);
  if (row.revokedAt === null) await publishApiKey(ctx, hashes, toApiKeyRecord(row, ctx.address));
  return toApiKeyDto(row);
}
