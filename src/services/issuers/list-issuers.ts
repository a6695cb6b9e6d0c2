import type { Issuer } from "../../model/issuer.ts";
import { readView } from "../change-view.ts";
import type { WorkspaceContext } from "../context.ts";
import { type Page, type PageRequest, pageOfAll } from "../page.ts";

/** In order of name. Throws NOT_FOUND. */
export const listIssuers = (ctx: WorkspaceContext, request: PageRequest): Promise<Page<Issuer>> =>
  readView(ctx, ({ issuers }) => pageOfAll(issuers, request));
