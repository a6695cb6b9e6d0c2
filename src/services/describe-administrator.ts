import * as z from "zod/v4";
import { ADMIN_ROLES } from "../model/admin-role.ts";
import { ADMINISTRATOR_KINDS, highestOf } from "../model/administrator.ts";
import { administratorOf } from "./admin-reach.ts";
import type { ServiceContext } from "./context.ts";
import type { Dto } from "./dto.ts";
import { timeSchema } from "./field-schemas.ts";

const role = z.enum(ADMIN_ROLES);

export const administratorSchema = z.strictObject({
  kind: z.enum(ADMINISTRATOR_KINDS),
  /** The id of a key, or the member's subject at the identity provider. Null for the admin token. */
  id: z.string().nullable(),
  name: z.string(),
  /** The highest role in `grants`. */
  role,
  /** A null organization means all organizations. */
  grants: z.array(z.strictObject({ organization: z.string().nullable(), role })),
  expiresAt: timeSchema.nullable(),
});

/** Describes the caller of the admin API. */
export function describeAdministrator(ctx: ServiceContext): Dto<typeof administratorSchema> {
  const administrator = administratorOf(ctx);
  const highest = highestOf(administrator.grants);
  if (!highest) throw new Error("an administrator without a role");
  return { ...administrator, role: highest };
}
