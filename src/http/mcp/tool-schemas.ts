import * as z from "zod/v4";
import {
  MAX_EXPANSIONS,
  MAX_FIELDS,
  MAX_GROUP_KEYS,
  MAX_MEASURES,
  MAX_PAGE,
  MAX_PAGE_SIZE,
  MAX_SORT_KEYS,
} from "../../query/limits.ts";
import { operators } from "../../query/operators.ts";
import { jsonObjectSchema } from "../../services/field-schemas.ts";

/* Input of the tools. An entity is a text, not an enum: `describe` returns the names, and an enum would cost tokens. */

const entity = z.string().describe("As describe names it.");
const id = z
  .union([z.string(), z.int()], {
    error: ({ input }) => (input === undefined ? "is required" : "must be a string or an integer"),
  })
  .describe("The record's id, or its value of `by`.");
const by = z.string().optional().describe("A unique field.");
const object = (description: string) => jsonObjectSchema.meta({ type: "object", description });
const fields = z.array(z.string()).max(MAX_FIELDS).optional().describe("Only these fields.");
const expand = z
  .array(z.string())
  .max(MAX_EXPANSIONS)
  .optional()
  .describe('Relationships to return with the record, as paths: "customer", "lines.product".');
const BY_KEY = 'A reference takes an id or a unique field: {"$by":{"email":"ann@example.com"}}.';
const NESTED = 'Related records are created with it: {"lines":[{"quantity":2}],"tags":[1,2]}.';
const filter = object(
  'A tree: {"status":"OPEN","total":{"gte":100},"customer":{"city":"Bern"},"or":[{…},{…}],"not":{…}}. ' +
    `A plain value means eq. Operators: ${Object.keys(operators).join(", ")}.`,
).optional();
const sort = (examples: string) => z.array(z.string()).max(MAX_SORT_KEYS).optional().describe(examples);
const etag = z.string().optional().describe("From get. Fails if the record has changed since.");

export const toolSchemas = {
  describe: z.strictObject({
    entity: entity.optional().describe("One entity in full; without it an overview of all."),
  }),
  list: z.strictObject({
    entity,
    filter,
    sort: sort('"field", "field,desc" or "field,asc,nullsLast", through to-one relationships too.'),
    fields,
    expand,
    page: z.int().min(0).max(MAX_PAGE).optional().describe("From 0; not together with cursor."),
    size: z.int().min(1).max(MAX_PAGE_SIZE).optional().describe("Records of a page; 20 by default."),
    cursor: z.string().optional().describe('"" for the first page, then meta.nextCursor.'),
    count: z.enum(["exact", "none"]).optional().describe("none: no totals."),
  }),
  get: z.strictObject({ entity, id, by, fields, expand }),
  create: z.strictObject({ entity, record: object(`Values by field. ${BY_KEY} ${NESTED}`) }),
  update: z.strictObject({
    entity,
    id,
    by,
    record: object(
      'Only what is sent changes. Numbers take {"$increment":-1}, date-times {"$now":"PT0S"}, JSON arrays {"$append":…}, {"$remove":…}. ' +
        "References as in create.",
    ),
    ifMatch: etag,
  }),
  delete: z.strictObject({ entity, id, by, ifMatch: etag }),
  aggregate: z.strictObject({
    entity,
    measure: z
      .array(z.string())
      .min(1)
      .max(MAX_MEASURES)
      .describe('"count", or a function and a field: "sum,total"; also avg, min, max, countDistinct.'),
    groupBy: z
      .array(z.string())
      .max(MAX_GROUP_KEYS)
      .optional()
      .describe("Fields; also through to-one relationships."),
    filter,
    sort: sort('A group or a measure: "status", "count,desc", "sum.total,desc".'),
  }),
} as const;

export type ToolName = keyof typeof toolSchemas;
export type ToolArguments<N extends ToolName> = z.infer<(typeof toolSchemas)[N]>;
