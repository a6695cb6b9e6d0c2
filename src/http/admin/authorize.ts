import { invalidAdminToken, serviceUnavailable } from "../../errors/api-errors.ts";
import { AppError } from "../../errors/app-error.ts";
import { type AdminNeed, requireRole } from "../../fence/admin-facts.ts";
import { AdminChanged } from "../../fence/admin-guard.ts";
import type { AppContext } from "../context.ts";
import { readOptionalJsonObject } from "../request/read-body.ts";
import type { Handler } from "../route.ts";
import type { AdminOperation } from "./admin-route.ts";

/** After this many changes of the administrator's role during one request, the client has to try again. */
const MAX_ATTEMPTS = 4;

type Guarded = Pick<AdminOperation, "role" | "roleOfFields" | "isGlobal" | "respond">;

/**
 * Handles an operation that needs a role. The cached facts decide first. If they have changed, the services do
 * nothing, and the operation is decided and run again. Errors too are sent only after the database has confirmed the
 * facts. Throws UNAUTHORIZED, FORBIDDEN, NOT_FOUND.
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

/** An invalid body has no fields here. It is refused later, as a body. */
async function readFields(c: AppContext): Promise<readonly string[]> {
  const body = await readOptionalJsonObject(c);
  try {
    return Object.keys(body());
  } catch (failure) {
    if (failure instanceof AppError) return [];
    throw failure;
  }
}
