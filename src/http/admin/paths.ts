import { type AppContext, pathParameter } from "../context.ts";

export const ORGANIZATION = "/organizations/:organization";
export const WORKSPACE = `${ORGANIZATION}/workspaces/:workspace`;

export const organizationOf = (c: AppContext) => pathParameter(c, "organization");
export const entityInPath = (c: AppContext) => pathParameter(c, "entity");
export const columnInPath = (c: AppContext) => ({
  entity: entityInPath(c),
  column: pathParameter(c, "column"),
});
export const idInPath = (c: AppContext) => pathParameter(c, "id");
export const nameInPath = (c: AppContext) => pathParameter(c, "name");
