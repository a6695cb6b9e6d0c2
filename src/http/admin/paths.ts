import { type AppContext, pathParameter } from "../context.ts";

export const ORGANIZATION = "/organizations/:organization";
export const WORKSPACE = `${ORGANIZATION}/workspaces/:workspace`;

export const organizationOf = (c: AppContext) => pathParameter(c, "organization");
export const entityOf = (c: AppContext) => pathParameter(c, "entity");
export const columnOf = (c: AppContext) => ({ entity: entityOf(c), column: pathParameter(c, "column") });
export const idOf = (c: AppContext) => pathParameter(c, "id");
