import { eq } from "drizzle-orm";
import { db } from "../../db/platform.ts";
import { adminKeySecrets, adminKeys } from "../../db/tables/administrators.ts";
import { isGuardFailure } from "../../db/write-guard.ts";
import { notFound, validationFailed } from "../../errors/api-errors.ts";
import { newId } from "../../lib/ids.ts";
import { SqlFailure } from "../../libsql/sql-failure.ts";
import { composeAdminKey } from "../../model/admin-key.ts";
import { organizationOfHolder, requireGrantable } from "../admin-reach.ts";
import type { ServiceContext } from "../context.ts";
import { problemsOfExpiry } from "../field-schemas.ts";
import { parseInput } from "../parse-input.ts";
import { newKey } from "../secrets.ts";
import {
  type AdminKeyWithSecretDto,
  auditAdminKey,
  createAdminKeySchema,
  factsOfAdminKey,
  publishAdminKey,
  shownAdminKey,
  toAdminKeyDto,
} from "./admin-key.ts";

/** Only the response contains the key itself. Throws VALIDATION_ERROR, NOT_FOUND, FORBIDDEN. */
export async function createAdminKey(ctx: ServiceContext, body: unknown): Promise<AdminKeyWithSecretDto> {
  const { organization: slug, ...input } = parseInput(createAdminKeySchema, body);
  const details = problemsOfExpiry(input.expiresAt, ctx.now);
  if (details.length > 0) throw validationFailed(details);
  requireGrantable(ctx, { organization: slug, role: input.role });
  const organization = organizationOfHolder(slug);
  const { key, hash, keyPrefix } = await newKey(composeAdminKey);
  const id = newId("adm");
  const createdAt = ctx.now.toISOString();
  const values = { ...input, id, organizationId: organization.id, keyPrefix, createdAt };
  try {
    const [, [row], , , secrets] = await ctx.platform.writeBatch([
      organization.check,
      db.insert(adminKeys).values(values).returning(shownAdminKey),
      db.insert(adminKeySecrets).values({ hash, keyId: id }),
      auditAdminKey(ctx, { action: "admin-key.created", id, where: eq(adminKeys.id, id) }).after,
      factsOfAdminKey(id),
    ]);
    if (!row) throw new Error("an insert returned no row");
    await publishAdminKey(ctx, secrets);
    return { ...toAdminKeyDto(row), key };
  } catch (failure) {
    if (failure instanceof SqlFailure && isGuardFailure(failure)) throw notFound("Organization", slug ?? "");
    throw failure;
  }
}
