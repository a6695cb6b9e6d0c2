import { columnTypeOf } from "../columns/registry.ts";
import type { Column } from "../model/column.ts";
import type { EntityConstraint } from "../model/entity.ts";
import type { JsonObject } from "../model/json.ts";
import { NAME_PATTERN } from "../model/names.ts";
import { MEASURE_FUNCTIONS } from "../query/ast.ts";
import {
  MAX_EXPANSIONS,
  MAX_FIELDS,
  MAX_GROUP_KEYS,
  MAX_MEASURES,
  MAX_RELATIONSHIP_LEVELS,
  MAX_SORT_KEYS,
} from "../query/limits.ts";
import { familiesOfMeasure } from "../query/measures.ts";
import { anyOf, arrayOf, query, schemaRef } from "./parts.ts";
import type { VisibleEntity } from "./visible-schema.ts";

/* Query parameters whose values are names: fields, relationships, sort keys, measures. */

export const fieldNameOf = (entity: string) => `${entity}-field`;
export const parameterNameOf = (entity: string, parameter: string) => `${entity}-${parameter}`;

const NAME = NAME_PATTERN.source.slice(1, -1);
const SEGMENT = `\\.${NAME}`;
/** The rest of a path to a field: more relationships, and the field. */
const REST = `(${SEGMENT}){1,${MAX_RELATIONSHIP_LEVELS}}`;
const DIRECTION = "(,(asc|desc)(,(nullsFirst|nullsLast))?)?";

/** A group, or a measure. Which ones there are depends on the other parameters of the request. */
export const GROUP_SORT_TERM: JsonObject = { type: "string", pattern: `^${NAME}(${SEGMENT})*${DIRECTION}$` };

const text = (pattern: string): JsonObject => ({ type: "string", pattern: `^${pattern}$` });

/** A text for each choice of names; no text if there are no names. */
const choice = (names: readonly string[], pattern: (names: string) => string): readonly JsonObject[] =>
  names.length === 0 ? [] : [text(pattern(`(${names.join("|")})`))];

const COMMAS: JsonObject = { style: "form", explode: false };
const REPEATED: JsonObject = { style: "form", explode: true };

/** The parameters by component name. */
export function namingParameters(entity: VisibleEntity): JsonObject {
  const { component: name, relationships } = entity;
  const ways = [...relationships.keys()];
  const own = schemaRef(fieldNameOf(name));
  const shown = anyOf([own, ...choice(ways, (each) => `${each}(${SEGMENT})*`)]);
  const parameters: JsonObject = {
    sort: query(
      "sort",
      "`field`, `field,desc` or `field,asc,nullsLast`; repeatable, through to-one relationships too.",
      { ...REPEATED, schema: arrayOf(sortTerm(entity), { maxItems: MAX_SORT_KEYS }) },
    ),
    ...(hasUpsertKey(entity) && {
      upsertBy: query(
        "upsertBy",
        "A unique field, or the fields of a unique combination: creates or updates.",
        { ...COMMAS, schema: upsertKeys(entity) },
      ),
    }),
    fields: query("fields", "Fields of each record to return, comma-separated.", {
      ...COMMAS,
      schema: arrayOf(shown, { minItems: 1, maxItems: MAX_FIELDS }),
    }),
    exportFields: query("fields", "Fields of each record to export, comma-separated.", {
      ...COMMAS,
      schema: arrayOf(own, { minItems: 1, maxItems: MAX_FIELDS }),
    }),
    expand: expandParameter(entity),
    measure: query("measure", "`count`, or a function and a field: `sum,total`. Repeatable.", {
      required: true,
      schema: arrayOf(measure(entity), { minItems: 1, maxItems: MAX_MEASURES }),
    }),
    groupBy: query("groupBy", "Fields to group by, through to-one relationships too, comma-separated.", {
      ...COMMAS,
      schema: arrayOf(anyOf([own, ...choice(toOne(entity), (each) => each + REST)]), {
        maxItems: MAX_GROUP_KEYS,
      }),
    }),
  };
  return Object.fromEntries(
    Object.entries(parameters).map(([parameter, value]) => [parameterNameOf(name, parameter), value]),
  );
}

const toOne = ({ relationships }: VisibleEntity): readonly string[] =>
  [...relationships.values()].filter(({ kind }) => kind === "TO_ONE").map(({ name }) => name);

const namesOf = (columns: readonly Column[]) => columns.map(({ name }) => name);

function sortTerm(entity: VisibleEntity): JsonObject {
  const sortable = namesOf(entity.columns.filter(({ type }) => type !== "JSON"));
  return anyOf([
    ...choice(sortable, (each) => each + DIRECTION),
    ...choice(toOne(entity), (each) => each + REST + DIRECTION),
  ]);
}

/** The functions that fit the same fields have one pattern. */
function measure(entity: VisibleEntity): JsonObject {
  const functions = MEASURE_FUNCTIONS.filter((name) => name !== "count");
  const byFields = Map.groupBy(functions, (name) =>
    namesOf(
      entity.columns.filter((column) => familiesOfMeasure[name].includes(columnTypeOf(column).family)),
    ).join("|"),
  );
  const own = [...byFields].flatMap(([fields, names]) =>
    fields === "" ? [] : [text(`(${names.join("|")}),(${fields})`)],
  );
  const through = choice(toOne(entity), (each) => `(${functions.join("|")}),${each}${REST}`);
  return anyOf([text("count"), ...own, ...through]);
}

/** Deeper paths than the schema shows are cut, not refused. */
function expandParameter({ relationships, settings }: VisibleEntity): JsonObject {
  const { expandableRelationships: allowed } = settings;
  const isListed = (way: string) =>
    allowed?.some((path) => path === way || path.startsWith(`${way}.`)) ?? true;
  const names = [...relationships.keys()].filter(isListed);
  const told = names.map((name) => `\`${name}\``).join(", ");
  const [paths] = choice(names, (each) => `${each}(${SEGMENT})*`);
  return query(
    "expand",
    `Relationships to return with the record, comma-separated paths. ${told === "" ? "There are none." : `Of this entity: ${told}.`}`,
    {
      ...COMMAS,
      allowEmptyValue: true,
      schema: paths
        ? arrayOf(paths, { maxItems: MAX_EXPANSIONS })
        : arrayOf({ type: "string" }, { maxItems: 0 }),
    },
  );
}

/** The fields of a unique rule, in any order. */
function upsertKeys({ columns, constraints }: VisibleEntity): JsonObject {
  const single = namesOf(uniqueIn(columns));
  const rules = combinationsIn(constraints);
  const keyOf = (fields: readonly string[], length: number) =>
    arrayOf({ type: "string", enum: fields }, { minItems: length, maxItems: length, uniqueItems: true });
  return anyOf([
    ...(single.length > 0 ? [keyOf(single, 1)] : []),
    ...rules.map((each) => keyOf(each, each.length)),
  ]);
}

/** Whether `upsertBy` has any possible value. */
export const hasUpsertKey = ({ columns, constraints }: VisibleEntity): boolean =>
  uniqueIn(columns).length > 0 || combinationsIn(constraints).length > 0;

const uniqueIn = (columns: readonly Column[]) =>
  columns.filter(({ unique, name }) => unique && name !== "id");

const combinationsIn = (constraints: readonly EntityConstraint[]) =>
  constraints.flatMap((each) => (each.type === "UNIQUE_COMPOSITE" ? [each.fields] : []));
