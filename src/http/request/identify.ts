import { findCurrentView, findWorkspaceView, rememberedView } from "../../db/catalog-store.ts";
import { invalidApiKey } from "../../errors/api-errors.ts";
import { AppError } from "../../errors/app-error.ts";
import type { Identity } from "../../fence/fence-context.ts";
import { ANONYMOUS_ROLE, roleNamed, roleOfUser } from "../../model/role.ts";
import type { WorkspaceView } from "../../model/workspace.ts";
import { verifyUser } from "../../tokens/verify-user.ts";
import { type AppContext, addressOf } from "../context.ts";
import { limitUnknown } from "./limit-unknown.ts";

/* Callers that the workspace's own settings identify: users of its issuers, and anonymous clients if it has a role for them. */

type Identify = Identity["identify"];

/** Each anonymous request counts against its address. Throws UNAUTHORIZED, RATE_LIMITED. */
export async function identifyAnonymous(c: AppContext): Promise<void> {
  await limitUnknown(c);
  await identifyBy(c, async ({ roles }) => {
    const role = roleNamed(roles, ANONYMOUS_ROLE);
    if (!role) throw invalidApiKey();
    return { kind: "ANONYMOUS", role };
  });
}

/** Refused tokens count against their address. Throws UNAUTHORIZED, RATE_LIMITED, SERVICE_UNAVAILABLE. */
export async function identifyUser(c: AppContext, token: string): Promise<void> {
  const isKnown = rememberedView(addressOf(c)) !== undefined;
  if (!isKnown) await limitUnknown(c);
  await identifyBy(c, async ({ issuers, roles }) => {
    const { user, issuer } = await verifyUser(token, issuers, c.get("services"));
    return { kind: "USER", user, role: roleOfUser(roles, issuer, user.claims) };
  });
}

const NO_USERS = { issuers: [], roles: [] };

/** The remembered view may be stale, so an error by it is checked against the current one. */
async function identifyBy(c: AppContext, identify: Identify): Promise<void> {
  const { platform } = c.get("services");
  const address = addressOf(c);
  const remembered = rememberedView(address);
  const view = remembered ?? (await findWorkspaceView(platform, address));
  try {
    await enter(c, view, identify);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (c.req.header("Authorization") !== undefined) await limitUnknown(c);
    const current = remembered && (await findCurrentView(platform, remembered));
    if (current === remembered) throw error;
    await enter(c, current, identify);
  }
}

async function enter(c: AppContext, view: WorkspaceView | undefined, identify: Identify): Promise<void> {
  c.set("actor", await identify(view ?? NO_USERS));
  c.set("identity", view && { view, identify });
}
