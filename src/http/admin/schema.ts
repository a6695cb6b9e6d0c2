import * as z from "zod/v4";
import { badRequest, schemaHasChanged } from "../../errors/api-errors.ts";
import { parseFlag } from "../../query/parse/parse-flag.ts";
import { schemaDocumentSchema } from "../../services/entities/entity-definition-schema.ts";
import { appliedSchemaChangeSchema, listSchemaChanges } from "../../services/entities/list-schema-changes.ts";
import { schemaChangeSchema } from "../../services/entities/schema-change-schema.ts";
import { getSchema, putSchema, schemaChangesSchema } from "../../services/entities/schema-document.ts";
import { workspaceContext } from "../context.ts";
import { isMatching } from "../response/etag.ts";
import { type AdminRoute, one, page } from "./admin-route.ts";
import { answerSchema, bodySchema } from "./components.ts";
import { Entity } from "./entities.ts";
import { WORKSPACE } from "./paths.ts";

const SchemaInput = bodySchema("SchemaInput", schemaDocumentSchema);
const Schema = answerSchema(
  "Schema",
  z.strictObject({ deployment: z.string(), version: z.int().min(0), entities: z.array(Entity) }),
);
answerSchema("SchemaChange", schemaChangeSchema);
const SchemaChanges = answerSchema("SchemaChanges", schemaChangesSchema);
const AppliedSchemaChange = answerSchema("AppliedSchemaChange", appliedSchemaChangeSchema);

const tagOf = ({ version }: { readonly version: number }) => String(version);

export const schema: readonly AdminRoute[] = [
  {
    path: `${WORKSPACE}/schema`,
    tag: "Schema",
    GET: one({
      id: "getSchema",
      summary: "The schema as one document",
      role: "VIEWER",
      isConditional: true,
      answer: Schema,
      tagOf,
      handle: async (c) => {
        const found = await getSchema(workspaceContext(c));
        if (!isMatching(c, { tag: tagOf(found) })) throw schemaHasChanged();
        return found;
      },
    }),
    PUT: one({
      id: "putSchema",
      summary: "Change the schema to the document, all of it or nothing",
      role: "EDITOR",
      query: ["dryRun", "allow"],
      isConditional: true,
      body: SchemaInput,
      answer: SchemaChanges,
      tagOf,
      handle: async (c, { body, query }) =>
        putSchema(workspaceContext(c), {
          body,
          isDryRun: parseFlag(query, "dryRun"),
          allowsLoss: allowsLoss(query),
          isExpected: (version) => isMatching(c, { tag: tagOf({ version }) }),
        }),
    }),
  },
  {
    path: `${WORKSPACE}/schema/changes`,
    tag: "Schema",
    GET: page({
      id: "listSchemaChanges",
      summary: "List applied schema changes, newest first",
      role: "VIEWER",
      answer: AppliedSchemaChange,
      handle: (c, request) => listSchemaChanges(workspaceContext(c), request),
    }),
  },
];

/** Throws BAD_REQUEST for any other `allow` than `lossy`. */
function allowsLoss(query: URLSearchParams): boolean {
  const allow = query.get("allow");
  if (allow === null || allow === "lossy") return allow !== null;
  throw badRequest(`Invalid allow '${allow}' — only 'lossy' can be allowed`);
}
