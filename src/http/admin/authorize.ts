import { AppError } from "../../errors/app-error.ts";
import { invalidAdminToken, serviceUnavailable } from "../../errors/failures.ts";
import { type AdminNeed, requireRole } from "../../fence/admin-facts.ts";
import { AdminChanged } from "../../fence/admin-guard.ts";
import type { AppContext } from "../context.ts";
import { readOptionalJsonObject } from "../request/read-body.ts";
import type { Handler } from "../route.ts";
import type { AdminOperation } from "./admin-route.ts";

/** An administrator whose role changes oftener than this meanwhile can try again. */
const MAX_ATTEMPTS = 4;

type Guarded = Pick<AdminOperation, "role" | "roleOfFields" | "isGlobal" | "respond">;

/**
 * The handler of an operation for administrators whose role allows it, which is judged by what is believed of them. Their
 * services do nothing once that has changed: then it is judged anew, and done anew. Also a refusal is only told to whom the
 * database still knows. Throws UNAUTHORIZED, FORBIDDEN, NOT_FOUND.
 */
export const authorized =
  (operation: Guarded): Handler =>
  async (c) => {
    for (let count = 1; ; count++) {
      try {
        const outcome = await attempt(c, operation);
        await c.get("admin")?.guard.confirm();
        if (outcome instanceof AppError) throw outcome;
        return outcome;
      } catch (thrown) {
        if (!(thrown instanceof AdminChanged)) throw thrown;
        if (count === MAX_ATTEMPTS) throw serviceUnavailable(thrown);
      }
      await c.get("admin")?.refresh();
    }
  };

async function attempt(c: AppContext, operation: Guarded): Promise<Response | AppError> {
  try {
    const { administrator } = c.get("services");
    if (!administrator) throw invalidAdminToken();
    requireRole(administrator, await needOf(c, operation));
    return await operation.respond(c);
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
}

async function needOf(c: AppContext, { role, roleOfFields, isGlobal }: Guarded): Promise<AdminNeed> {
  const organization = c.req.param("organization");
  const need = { role, organization, isGlobal };
  if (!roleOfFields) return need;
  const fields = await readFields(c);
  const isWithin = fields.every((field) => roleOfFields.fields.includes(field));
  return isWithin ? { ...need, role: roleOfFields.role } : need;
}

/** Of a body that is none, nothing is known to be forbidden; it will be refused as a body. */
async function readFields(c: AppContext): Promise<readonly string[]> {
  const body = await readOptionalJsonObject(c);
  try {
    return Object.keys(body());
  } catch (failure) {
    if (failure instanceof AppError) return [];
    throw failure;
  }
}
