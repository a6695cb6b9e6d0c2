import { columnTypeOf } from "../columns/registry.ts";
import type { Column } from "../model/column.ts";
import type { Entity } from "../model/entity.ts";
import type { JsonObject } from "../model/json.ts";
import { columnSchemaOf, comparedSchemaOf } from "./column-schemas.ts";
import { arrayOf, COUNT, STRING, schemaRef } from "./parts.ts";
import type { OperatorFacts, QueryFacts } from "./query-facts.ts";

export const filterNameOf = (entity: string) => `${entity}-filter`;
export const fieldNameOf = (entity: string) => `${entity}-field`;
export const parameterNameOf = (entity: string, parameter: string) => `${entity}-${parameter}`;

const query = (name: string, description: string, more: JsonObject): JsonObject => ({
  name,
  in: "query",
  description,
  ...more,
});

/** Parameters that are the same for every entity. */
export function sharedParameters(facts: QueryFacts): JsonObject {
  const { defaultPageSize, maxPageSize } = facts;
  const size = { type: "integer", minimum: 1, maximum: maxPageSize, default: defaultPageSize };
  const entityTag = { required: false, in: "header" };
  return {
    page: query("page", "From 0; not together with `cursor`.", { schema: { ...COUNT, default: 0 } }),
    size: query("size", "Records of one page.", { schema: size }),
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
    atomic: query("atomic", "All or nothing: the first failure is answered, and nothing is written.", {
      schema: { type: "boolean", default: false },
    }),
    upsertBy: query(
      "upsertBy",
      "A unique field, or the fields of a unique combination: creates or updates.",
      {
        style: "form",
        explode: false,
        schema: arrayOf(STRING, { minItems: 1 }),
      },
    ),
    measure: query("measure", "`count`, or a function and a field: `sum,total`. Repeatable.", {
      required: true,
      schema: arrayOf(
        { type: "string", pattern: `^(${facts.measures.join("|")})(,.+)?$` },
        { minItems: 1, maxItems: facts.maxMeasures },
      ),
    }),
    groupBy: query("groupBy", "Fields to group by, through to-one relationships too, comma-separated.", {
      style: "form",
      explode: false,
      schema: arrayOf(STRING),
    }),
    measureSort: query(
      "sort",
      "A group or a measure: `status`, `count,desc`, `sum.total,desc`. Repeatable.",
      {
        schema: arrayOf(STRING, { maxItems: facts.maxSortKeys }),
      },
    ),
    "If-Match": {
      name: "If-Match",
      ...entityTag,
      description: "Writes only while the record has this `ETag`; `*` while it exists.",
      schema: STRING,
    },
    "If-None-Match": {
      name: "If-None-Match",
      ...entityTag,
      description: "Answers 304 while the `ETag` is still this one.",
      schema: STRING,
    },
    Prefer: {
      name: "Prefer",
      ...entityTag,
      description: "`return=representation` answers the records too.",
      schema: STRING,
    },
  };
}

/** Parameters of one entity; its filters are one parameter of many names (`style: form`, exploded). */
export function entityParameters(entity: Entity, facts: QueryFacts): JsonObject {
  const { name, columns, relationships, settings } = entity;
  const [id] = columns;
  const expandable = settings.expandableRelationships ?? [...relationships.keys()];
  const names = { type: "string", anyOf: [schemaRef(fieldNameOf(name)), { pattern: "\\." }] };
  const sortTerms = { type: "string", anyOf: [schemaRef(fieldNameOf(name)), { pattern: "[.,]" }] };
  return {
    [parameterNameOf(name, "id")]: {
      name: "id",
      in: "path",
      required: true,
      description: `The id of the ${name}.`,
      schema: id ? columnSchemaOf(name, id) : STRING,
    },
    [parameterNameOf(name, "filters")]: query(
      "filters",
      "Each property is a parameter of its own, such as `filter[field.op]=value`; all of them must hold. " +
        "Names may lead through relationships: `filter[relationship.field.op]`.",
      { style: "form", explode: true, schema: schemaRef(filterNameOf(name)) },
    ),
    [parameterNameOf(name, "sort")]: query(
      "sort",
      "`field`, `field,desc` or `field,asc,nullsLast`; repeatable, through to-one relationships too.",
      { style: "form", explode: true, schema: arrayOf(sortTerms, { maxItems: facts.maxSortKeys }) },
    ),
    [parameterNameOf(name, "fields")]: query("fields", "What is answered of each record, comma-separated.", {
      style: "form",
      explode: false,
      schema: arrayOf(names, { minItems: 1 }),
    }),
    [parameterNameOf(name, "expand")]: query(
      "expand",
      `Relationships to answer with the record, comma-separated paths. ${choiceOf(expandable)}`,
      { style: "form", explode: false, allowEmptyValue: true, schema: arrayOf(STRING) },
    ),
  };
}

const choiceOf = (names: readonly string[]) =>
  names.length === 0
    ? "There are none."
    : `Of this entity: ${names.map((name) => `\`${name}\``).join(", ")}.`;

/** Schemas that parameters of one entity use. */
export function parameterSchemas(entity: Entity, facts: QueryFacts): JsonObject {
  const { name, columns } = entity;
  return {
    [fieldNameOf(name)]: { type: "string", enum: columns.map((column) => column.name) },
    [filterNameOf(name)]: { type: "object", properties: filterProperties(entity, facts) },
  };
}

export const filterValueSchemas: JsonObject = {
  "shared-list": {
    type: "string",
    description: "Values, comma-separated; one with a comma in double quotes.",
  },
  "shared-pair": { type: "string", description: "From and to, comma-separated, both included." },
  "shared-flag": { type: "string", enum: ["", "true", "false"] },
};

const sharedValues = {
  LIST: schemaRef("shared-list"),
  PAIR: schemaRef("shared-pair"),
  FLAG: schemaRef("shared-flag"),
} as const;

function filterProperties({ name, columns, settings }: Entity, { operators }: QueryFacts): JsonObject {
  const all = Object.entries(operators);
  const properties: Record<string, JsonObject> = {
    filter: {
      type: "string",
      contentMediaType: "application/json",
      description: "The filter as a JSON tree.",
    },
  };
  for (const column of columns) {
    if (settings.filterableFields && !settings.filterableFields.includes(column.name)) continue;
    addFilters(properties, column, { operators: all, value: comparedSchemaOf(name, column) });
  }
  return properties;
}

interface ColumnFilters {
  readonly operators: readonly (readonly [string, OperatorFacts])[];
  readonly value: JsonObject;
}

function addFilters(
  properties: Record<string, JsonObject>,
  column: Column,
  { operators, value }: ColumnFilters,
): void {
  const { family } = columnTypeOf(column);
  for (const [operator, { takes, families }] of operators) {
    if (!families.includes(family)) continue;
    const schema = takes === "ONE" ? value : sharedValues[takes];
    if (operator === "eq") properties[`filter[${column.name}]`] = schema;
    properties[`filter[${column.name}.${operator}]`] = schema;
  }
}
