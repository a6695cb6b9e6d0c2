import { findCurrentView, findWorkspaceView, rememberedView } from "../../db/catalog-store.ts";
import { invalidApiKey, pageNotAllowed } from "../../errors/api-errors.ts";
import { AppError } from "../../errors/app-error.ts";
import type { Identity } from "../../fence/fence-context.ts";
import { isAllowedOrigin } from "../../model/addresses/origin.ts";
import { ANONYMOUS_ROLE, roleNamed, roleOfUser } from "../../model/role.ts";
import type { WorkspaceView } from "../../model/workspace.ts";
import { verifyUser } from "../../tokens/verify-user.ts";
import { type AppContext, addressOf } from "../context.ts";
import { limitUnknown } from "./limit-unknown.ts";

/* Callers that the workspace's own settings identify: users of its issuers, and anonymous clients if it has a role for them. */

type Identify = Identity["identify"];

/** Each anonymous request counts against its address. Throws UNAUTHORIZED, FORBIDDEN, RATE_LIMITED. */
export async function identifyAnonymous(c: AppContext): Promise<void> {
  await limitUnknown(c);
  await identifyBy(c, async ({ roles, workspace }) => {
    const role = roleNamed(roles, ANONYMOUS_ROLE);
    if (!role) throw invalidApiKey();
    if (isForeignWrite(c, workspace.corsAllowedOrigins)) throw pageNotAllowed();
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

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Whether a page of an origin that the workspace does not list wants to write. Browsers send some requests without a
 * preflight, but only those without an `Authorization` header. The documentation page has the API's own origin. MCP
 * checks the origin of every request.
 */
function isForeignWrite(c: AppContext, origins: readonly string[] | null): boolean {
  const origin = c.req.header("Origin");
  if (!c.req.path.startsWith("/api/")) return false;
  if (origin === undefined || SAFE_METHODS.has(c.req.method) || !origins || origins.length === 0)
    return false;
  const isOwn = URL.canParse(origin) && new URL(origin).host === new URL(c.req.url).host;
  return !isOwn && !isAllowedOrigin(origin, origins);
}

const NO_USERS = { issuers: [], roles: [], workspace: { corsAllowedOrigins: null } };

/** The cached view may be stale, so an error from it is checked against the current view. */
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
