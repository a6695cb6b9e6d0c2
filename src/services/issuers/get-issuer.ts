import type { Issuer } from "../../model/issuer.ts";
import { readView } from "../change-view.ts";
import type { WorkspaceContext } from "../context.ts";
import { issuerIn } from "./issuer.ts";

/** Throws NOT_FOUND. */
export const getIssuer = (ctx: WorkspaceContext, name: string): Promise<Issuer> =>
  readView(ctx, (view) => issuerIn(view, name));
