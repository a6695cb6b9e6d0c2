import { columnTypeOf } from "../columns/registry.ts";
import type { Column } from "../model/column.ts";
import type { JsonObject } from "../model/json.ts";
import {
  DEFAULT_PAGE_SIZE,
  MAX_CONDITIONS,
  MAX_FILTER_LENGTH,
  MAX_PAGE,
  MAX_PAGE_SIZE,
  MAX_SORT_KEYS,
} from "../query/limits.ts";
import { OPERATOR_NAMES, operatorOf } from "../query/operators.ts";
import { comparedSchemaOf, enumNamesOf, idSchemaOf } from "./column-schemas.ts";
import { fieldNameOf, GROUP_SORT_TERM, namingParameters, parameterNameOf } from "./naming-parameters.ts";
import { arrayOf, BOOLEAN, COUNT, ENTITY_TAGS, query, STRING, schemaRef } from "./parts.ts";
import type { VisibleEntity } from "./visible-schema.ts";

export const filterNameOf = (entity: string) => `${entity}-filter`;

const header = (name: string, description: string, schema: JsonObject): JsonObject => ({
  name,
  required: false,
  in: "header",
  description,
  schema,
});

const HEADER_PARAMETERS: JsonObject = {
  "If-Match": header(
    "If-Match",
    "Only while the record has one of these `ETag`s; `*` while it exists. Otherwise 412.",
    ENTITY_TAGS,
  ),
  "If-None-Match": header(
    "If-None-Match",
    "On reads, 304 while one of these `ETag`s is current. On writes, 412 if the record has one; `*` if it exists.",
    ENTITY_TAGS,
  ),
  "Idempotency-Key": header(
    "Idempotency-Key",
    "1 to 255 printable characters: for 24 hours the write is done once, whoever sends it again.",
    { type: "string", minLength: 1, maxLength: 255, pattern: "^[\\x20-\\x7e]*$" },
  ),
  Prefer: header("Prefer", "`return=representation` returns the records too.", STRING),
};

export const PAGE = { ...COUNT, maximum: MAX_PAGE, default: 0 };
export const PAGE_SIZE = { type: "integer", minimum: 1, maximum: MAX_PAGE_SIZE, default: DEFAULT_PAGE_SIZE };

/** Parameters that are equal for every entity. */
export const sharedParameters: JsonObject = {
  page: query("page", "From 0; not together with `cursor`.", { schema: PAGE }),
  size: query("size", "Records of one page.", { schema: PAGE_SIZE }),
  count: query("count", "`none` leaves the totals out and saves the count.", {
    schema: { type: "string", enum: ["exact", "none"], default: "exact" },
  }),
  cursor: query("cursor", "Empty for the first page, then `meta.nextCursor`.", {
    allowEmptyValue: true,
    schema: STRING,
  }),
  format: query("format", "The form of the export.", {
    schema: { type: "string", enum: ["csv", "ndjson"], default: "csv" },
  }),
  escapeFormulas: query(
    "escapeFormulas",
    "In CSV, puts an apostrophe before texts that a spreadsheet would run as a formula.",
    { schema: { type: "boolean", default: true } },
  ),
  atomic: query("atomic", "All or nothing: the response is the first failure, and nothing is written.", {
    schema: { type: "boolean", default: false },
  }),
  maxAffected: query("maxAffected", "The most records that may be written; if more match, none is.", {
    required: true,
    schema: { type: "integer", minimum: 1, maximum: MAX_PAGE_SIZE },
  }),
  dryRun: query("dryRun", "Only counts the records that match.", {
    schema: { type: "boolean", default: false },
  }),
  measureSort: query("sort", "A group or a measure: `status`, `count,desc`, `sum.total,desc`. Repeatable.", {
    schema: arrayOf(GROUP_SORT_TERM, { maxItems: MAX_SORT_KEYS }),
  }),
  ...HEADER_PARAMETERS,
};

/** Parameters of an entity. Its filters are one parameter with many names (`style: form`, exploded). */
export function entityParameters(entity: VisibleEntity): JsonObject {
  const { name: spoken, component: name, columns } = entity;
  const [id] = columns;
  return {
    [parameterNameOf(name, "id")]: {
      name: "id",
      in: "path",
      required: true,
      description: `The id of the ${spoken}.`,
      schema: id ? idSchemaOf(id) : STRING,
    },
    ...keyParameters(entity),
    [parameterNameOf(name, "filter")]: query(
      "filter",
      FILTER_WORDS,
      filterForm(schemaRef(filterNameOf(name))),
    ),
    [parameterNameOf(name, "matchingFilter")]: query("filter", FILTER_WORDS, {
      required: true,
      ...filterForm(schemaRef(filterNameOf(name))),
    }),
    ...namingParameters(entity),
  };
}

const FILTER_WORDS =
  "`filter[field]=value` or `filter[field.op]=value`; all must hold. Through relationships: " +
  "`filter[relationship.field.op]=value`. `in` and `notIn` take values separated by commas, `between` two, " +
  "`isNull` and `isNotNull` `true` or `false`. Or `filter={json}`: a tree with `and`, `or` and `not`.";

const filterForm = (conditions: JsonObject): JsonObject => ({
  style: "deepObject",
  explode: true,
  schema: { anyOf: [conditions, JSON_TREE] },
});

/** The value of each unique field, in the path of a record. */
function keyParameters(entity: VisibleEntity): JsonObject {
  const enumNameOf = enumNamesOf(entity);
  const parameters = entity.keys.map(({ column, component }) => {
    const parameter = {
      name: "value",
      in: "path",
      required: true,
      description: `The ${column.name} of the ${entity.name}, percent-encoded.`,
      schema: comparedSchemaOf(enumNameOf(column), column),
    };
    return [parameterNameOf(component, "value"), parameter] as const;
  });
  return Object.fromEntries(parameters);
}

const JSON_TREE: JsonObject = {
  type: "string",
  contentMediaType: "application/json",
  pattern: "^[ \\t\\n\\r]*[{]",
  maxLength: MAX_FILTER_LENGTH,
  description: "The filter as a JSON tree.",
};

/** Schemas for the parameters of an entity. */
export function parameterSchemas(entity: VisibleEntity): JsonObject {
  const { component: name, columns } = entity;
  return {
    [fieldNameOf(name)]: { type: "string", enum: columns.map((column) => column.name) },
    [filterNameOf(name)]: filterSchema(entity),
  };
}

/** Values of operators that do not take a value of the column: lists and pairs are comma-separated. */
const valueSchemas = {
  LIST: STRING,
  PAIR: { type: "string", pattern: '^[^,]+,[^,]+$|"' },
  FLAG: BOOLEAN,
} as const;

/** A property for each operator of each field, and a pattern for names that lead through a relationship. */
function filterSchema(entity: VisibleEntity): JsonObject {
  const { columns, relationships, settings } = entity;
  const enumNameOf = enumNamesOf(entity);
  const { filterableFields: allowed } = settings;
  const properties: Record<string, JsonObject> = {};
  for (const column of columns) {
    if (allowed && !allowed.includes(column.name)) continue;
    addFilters(properties, column, comparedSchemaOf(enumNameOf(column), column));
  }
  const isOpen = (relationship: string) =>
    !allowed || allowed.some((path) => path === relationship || path.startsWith(`${relationship}.`));
  const ways = [...relationships.keys()].filter(isOpen);
  return {
    type: "object",
    properties,
    ...(ways.length > 0 && { patternProperties: { [`^(${ways.join("|")})\\.`]: STRING } }),
    additionalProperties: false,
    maxProperties: MAX_CONDITIONS,
  };
}

function addFilters(properties: Record<string, JsonObject>, column: Column, value: JsonObject): void {
  const { family } = columnTypeOf(column);
  for (const operator of OPERATOR_NAMES) {
    const { takes, families } = operatorOf(operator);
    if (!families.includes(family)) continue;
    const schema = takes === "ONE" ? value : valueSchemas[takes];
    if (operator === "eq") properties[column.name] = schema;
    properties[`${column.name}.${operator}`] = schema;
  }
}
