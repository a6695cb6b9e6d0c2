import { findWorkspaceView, forgetWorkspaceView } from "../../db/catalog-store.ts";
import { validationFailed } from "../../errors/api-errors.ts";
import type { Detail } from "../../errors/app-error.ts";
import { workspaceMissing } from "../../fence/workspace-missing.ts";
import type { ApiKeyScope } from "../../model/access.ts";
import type { Catalog } from "../../model/catalog.ts";
import { READ_EVERYTHING } from "../../query/plan/target.ts";
import type { WorkspaceContext } from "../context.ts";
import { findWarnings } from "./find-warnings.ts";
import { resolveScopes } from "./resolve-scopes.ts";
import type { NamedScope } from "./scope-schema.ts";

export interface ReadScopes<S> {
  readonly scopes: S | readonly ApiKeyScope[];
  /** Warnings for the owner; absent if there are none. */
  readonly warnings: { readonly warnings?: readonly Detail[] };
}

/**
 * Converts sent scopes to their stored form and checks them against the current schema. Throws VALIDATION_ERROR,
 * NOT_FOUND.
 */
export async function readScopes<S extends null | undefined>(
  ctx: WorkspaceContext,
  sent: readonly NamedScope[] | S,
): Promise<ReadScopes<S>> {
  if (!sent) return { scopes: sent, warnings: {} };
  forgetWorkspaceView(ctx.address);
  const view = await findWorkspaceView(ctx.platform, ctx.address);
  if (!view) throw await workspaceMissing(ctx);
  return checkScopes<S>(view.catalog, sent);
}

/** The same as readScopes, against a loaded schema. Throws VALIDATION_ERROR. */
export function checkScopes<S extends null | undefined>(
  catalog: Catalog,
  sent: readonly NamedScope[] | S,
): ReadScopes<S> {
  if (!sent) return { scopes: sent, warnings: {} };
  const { scopes, details } = resolveScopes({ catalog, scope: READ_EVERYTHING }, sent);
  if (details.length > 0) throw validationFailed(details);
  const warnings = findWarnings(catalog, scopes);
  return { scopes, warnings: warnings.length > 0 ? { warnings } : {} };
}
