import type { JsonObject } from "../../model/json.ts";
import { PAGE, PAGE_SIZE } from "../../openapi/parameters.ts";
import { BOOLEAN, ENTITY_TAGS, INSTANT, STRING } from "../../openapi/parts.ts";

/* `components.parameters` of the admin API, by the names that routes use. */

const inPath = (name: string, description: string): JsonObject => ({
  name,
  in: "path",
  required: true,
  description,
  schema: STRING,
});

const inQuery = (name: string, description: string, schema: JsonObject): JsonObject => ({
  name,
  in: "query",
  description,
  schema,
});

const inHeader = (name: string, description: string): JsonObject => ({
  name,
  in: "header",
  description,
  schema: ENTITY_TAGS,
});

export const adminParameters: JsonObject = {
  organization: inPath("organization", "Slug of the organization."),
  workspace: inPath("workspace", "Slug of the workspace."),
  entity: inPath("entity", "Name of the entity."),
  column: inPath("column", "Name of the column."),
  id: inPath("id", "Id of the key, webhook or member."),
  name: inPath("name", "Name of the issuer or role."),
  delivery: inPath("delivery", "Id of the delivery."),
  page: inQuery("page", "From 0.", PAGE),
  size: inQuery("size", "Items of one page.", PAGE_SIZE),
  confirm: {
    ...inQuery("confirm", "Repeats the name of what is dropped; without it, nothing is dropped.", {
      ...STRING,
      minLength: 1,
    }),
    required: true,
  },
  dryRun: inQuery("dryRun", "Only reports the changes.", { ...BOOLEAN, default: false }),
  action: inQuery("action", "Only this action, such as `workspace.updated`.", STRING),
  subject: inQuery("subject", "Only changes of this.", STRING),
  from: inQuery("from", "Not before.", INSTANT),
  to: inQuery("to", "Not after.", INSTANT),
  allow: inQuery("allow", "`lossy` allows changes that destroy data.", { type: "string", enum: ["lossy"] }),
  "If-Match": inHeader("If-Match", "The request fails unless the schema has this `ETag`."),
  "If-None-Match": inHeader("If-None-Match", "Returns 304 while the `ETag` is still this one."),
};
