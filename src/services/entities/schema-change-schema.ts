import * as z from "zod/v4";
import { RISKS, SCHEMA_CHANGE_KINDS } from "../../model/schema-change.ts";

/** A difference between two schemas: model/schema-change.ts as responses show it. */
export const schemaChangeSchema = z.strictObject({
  kind: z.enum(SCHEMA_CHANGE_KINDS),
  entity: z.string(),
  column: z.string().optional(),
  from: z.string().optional(),
  constraint: z.string().optional(),
  properties: z.array(z.string()).optional(),
  risk: z.enum(RISKS),
  reason: z.string().optional(),
});
