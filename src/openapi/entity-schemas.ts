import { columnTypeOf } from "../columns/registry.ts";
import type { Column } from "../model/column.ts";
import type { EntityConstraint } from "../model/entity.ts";
import type { JsonObject } from "../model/json.ts";
import { MAX_BATCH_ITEMS } from "../query/limits.ts";
import {
  columnSchemaOf,
  comparedValueSchemaOf,
  described,
  enumNamesOf,
  idSchemaOf,
} from "./column-schemas.ts";
import { anyOf, arrayOf, nullable, objectOf, schemaRef } from "./parts.ts";
import { sampleRecord } from "./sample-record.ts";
import type { VisibleEntity, VisibleRelationship } from "./visible-schema.ts";

export const createNameOf = (entity: string) => `${entity}-create`;
/** The name for creates without nested records, as an upsert may be. */
export const flatCreateNameOf = (entity: VisibleEntity) =>
  isNesting(entity) ? `${entity.component}-flatCreate` : createNameOf(entity.component);
export const updateNameOf = (entity: string) => `${entity}-update`;
export const keyNameOf = (entity: string) => `${entity}-key`;
/**
 * The name for records that are nested in the record that a column refers to. Column names, unlike names of fields,
 * differ by more than case.
 */
const nestedNameOf = (entity: string, { columnName }: Column) => `${entity}-${columnName}-nested`;
export const bulkUpdateNameOf = (entity: string) => `${entity}-bulkUpdate`;

/**
 * `Order` with `Order-create` and its siblings, and `Order.status` for each enum. A name has neither dot nor hyphen.
 */
export function entitySchemas(entity: VisibleEntity): JsonObject {
  const { component: name, columns } = entity;
  const enumNameOf = enumNamesOf(entity);
  const properties = new Map(columns.map((column) => [column, columnSchemaOf(enumNameOf(column), column)]));
  const enums = columns.filter(({ type }) => type === "ENUM");
  return {
    ...Object.fromEntries(
      enums.map((column) => [enumNameOf(column), { type: "string", enum: column.values ?? [] }]),
    ),
    [name]: recordSchema(entity, properties),
    ...Object.fromEntries(
      [...entity.relationships.values()]
        .filter(isNamedByKey)
        .map(({ component, uniqueRules }) => [keyNameOf(component), keySchema(uniqueRules)]),
    ),
    ...createSchemas(entity, properties),
    [updateNameOf(name)]: updateSchema(entity, properties),
    [bulkUpdateNameOf(name)]: {
      type: "object",
      allOf: [schemaRef(updateNameOf(name)), ...columns.slice(0, 1).map(withIdOf)],
      required: ["id"],
      ...examplesOf(entity, columns.slice(0, 1).concat(writableOf(entity).slice(0, 1))),
    },
  };
}

/** Unlike in an update of one record, null is not enough. */
const withIdOf = (id: Column): JsonObject => ({
  type: "object",
  properties: { [id.name]: idSchemaOf(id) },
});

/** Whether a reference takes `{"$by":{"email":"…"}}`. */
const isNamedByKey = (relationship: VisibleRelationship) =>
  relationship.kind === "TO_ONE" &&
  relationship.column.constraints.length === 0 &&
  relationship.uniqueRules.length > 0;

/** The values of a unique rule. */
function keySchema(uniqueRules: VisibleRelationship["uniqueRules"]): JsonObject {
  const rules = uniqueRules.map((columns) =>
    objectOf(Object.fromEntries(columns.map((column) => [column.name, comparedValueSchemaOf(column)])), {
      closed: true,
    }),
  );
  return anyOf(rules);
}

/** The value of a reference, or a record named by one of its unique rules. */
function withKey(schema: JsonObject, column: Column, { relationships }: VisibleEntity): JsonObject {
  const named = [...relationships.values()].find(
    (each) => each.kind === "TO_ONE" && each.column === column && isNamedByKey(each),
  );
  if (!named) return schema;
  return orObject(schema, objectOf({ $by: schemaRef(keyNameOf(named.component)) }, { closed: true }));
}

type Properties = ReadonlyMap<Column, JsonObject>;

/** `fields` may leave out any field, so none is required. */
function recordSchema(entity: VisibleEntity, properties: Properties): JsonObject {
  const fields = [...properties].map(([column, schema]) => {
    return [column.name, column.name === "id" ? idSchemaOf(column) : schema] as const;
  });
  const related = [...entity.relationships.values()].map((relationship) => {
    const schema = expansionSchema(relationship);
    const description = "description" in relationship ? relationship.description : undefined;
    return [relationship.name, described(schema, description)] as const;
  });
  const schema = {
    type: "object",
    description: "All fields, unless `fields` names some; relationships when they are expanded.",
    properties: Object.fromEntries([...fields, ...related]),
    ...examplesOf(entity, entity.columns),
  };
  return described(schema, entity.description);
}

function expansionSchema({ kind, component }: VisibleRelationship): JsonObject {
  const record = schemaRef(component);
  return kind === "TO_ONE"
    ? { type: ["object", "null"], anyOf: [record, { type: "null" }] }
    : arrayOf(record);
}

/** Without required fields, the example of a record has a few of the others. */
const MOST_OPTIONAL_SAMPLES = 3;

/** Bodies of creates: on their own, without nested records, and nested in the record of each reference. */
function createSchemas(entity: VisibleEntity, properties: Properties): JsonObject {
  const nested = nestedProperties(entity);
  const parents = entity.columns.filter(
    (column) => column.references?.inverse && !entity.readOnly.has(column),
  );
  return {
    [createNameOf(entity.component)]: createSchema(entity, properties, { nested }),
    ...(isNesting(entity) && {
      [flatCreateNameOf(entity)]: createSchema(entity, properties, { nested: {} }),
    }),
    ...Object.fromEntries(
      parents.map((parent) => [
        nestedNameOf(entity.component, parent),
        createSchema(entity, properties, { nested, parent }),
      ]),
    ),
  };
}

interface CreateForm {
  /** What is created with the record. */
  readonly nested: JsonObject;
  /** The reference to the record that contains it. The server sets it. */
  readonly parent?: Column;
}

function createSchema(
  entity: VisibleEntity,
  properties: Properties,
  { nested, parent }: CreateForm,
): JsonObject {
  const sent = [...properties].filter(([column]) => !entity.readOnly.has(column) && column !== parent);
  const writable = writableOf(entity).filter((column) => column !== parent);
  const required = writable.filter(isRequired);
  const description = rulesOf(entity.constraints);
  return {
    type: "object",
    ...(description !== "" && { description }),
    ...(required.length > 0 && { required: required.map(({ name }) => name) }),
    properties: {
      ...Object.fromEntries(
        sent.map(([column, schema]) => [
          column.name,
          withKey(withDefault(withIdExample(schema, column), column), column, entity),
        ]),
      ),
      ...nested,
    },
    additionalProperties: false,
    ...examplesOf(
      entity,
      required.length > 0 ? required : writable.slice(0, MOST_OPTIONAL_SAMPLES),
      writable,
    ),
  };
}

/** What is created with a record, by the names of relationships. */
function nestedProperties({ relationships }: VisibleEntity): JsonObject {
  const properties = [...relationships.values()].flatMap((relationship) => {
    const items = nestedItems(relationship);
    return items ? [[relationship.name, arrayOf(items, { maxItems: MAX_BATCH_ITEMS - 1 })] as const] : [];
  });
  return Object.fromEntries(properties);
}

const isNesting = ({ relationships }: VisibleEntity) =>
  [...relationships.values()].some(({ nested }) => nested !== null);

function nestedItems({ nested, component, uniqueRules }: VisibleRelationship): JsonObject | null {
  if (!nested) return null;
  if (nested.kind === "RECORDS") return schemaRef(nestedNameOf(nested.component, nested.without));
  const id = columnTypeOf(nested.column).jsonSchema(nested.column);
  const isNamed = uniqueRules.length > 0 && nested.column.constraints.length === 0;
  return isNamed ? orObject(id, objectOf({ $by: schemaRef(keyNameOf(component)) }, { closed: true })) : id;
}

/** Programs that fill in forms would start with the least id. Null counts as absent. */
const withIdExample = (schema: JsonObject, { name, type }: Column): JsonObject => {
  if (name !== "id") return schema;
  return nullable(type === "INTEGER" ? { ...schema, examples: [1] } : schema);
};

/** The fields that a client may write, except the id. */
const writableOf = ({ columns, readOnly }: VisibleEntity) =>
  columns.filter((column) => !readOnly.has(column) && column.name !== "id");

/** Uses the first selection of columns with an example that satisfies all rules of the entity. */
function examplesOf(entity: VisibleEntity, ...choices: readonly (readonly Column[])[]): JsonObject {
  for (const columns of choices) {
    const sample = sampleRecord(columns, entity);
    if (sample) return { examples: [sample] };
  }
  return {};
}

const isRequired = (column: Column) =>
  !column.nullable && !column.generated && (column.default === undefined || column.default === null);

const withDefault = (schema: JsonObject, column: Column): JsonObject =>
  column.default === undefined ? schema : { ...schema, default: column.default };

function updateSchema(entity: VisibleEntity, properties: Properties): JsonObject {
  const sent = [...properties].filter(([column]) => !entity.readOnly.has(column));
  return {
    type: "object",
    description: "Only what is sent changes. An `id` must be the record's own; null counts as absent.",
    properties: Object.fromEntries(
      sent.map(([column, schema]) => [
        column.name,
        column.name === "id"
          ? nullable(idSchemaOf(column))
          : withKey(withChange(schema, column), column, entity),
      ]),
    ),
    additionalProperties: false,
    ...examplesOf(entity, writableOf(entity).slice(0, 1)),
  };
}

/** The value itself, or a change relative to the stored one. */
function withChange(schema: JsonObject, column: Column): JsonObject {
  const change = changeSchemaOf(column);
  return change ? orObject(schema, change) : schema;
}

/** Either schema. The documentation page ignores `anyOf` in a property without `type`. */
const orObject = (schema: JsonObject, object: JsonObject): JsonObject => ({
  type: [schema.type ?? "string", "object"].flat(),
  anyOf: [schema, object],
});

function changeSchemaOf(column: Column): JsonObject | undefined {
  if (column.type === "DATETIME") return objectOf({ $now: DURATION }, { closed: true });
  const isNumber = columnTypeOf(column).family === "number" && !column.references;
  if (!isNumber || column.unique) return undefined;
  const step = columnTypeOf(column).jsonSchema(column);
  return objectOf({ $increment: step, $default: step }, { optional: ["$default"], closed: true });
}

const DURATION: JsonObject = {
  type: "string",
  description: "An ISO 8601 duration relative to the time of the request: PT0S, -P1D.",
  examples: ["PT0S"],
};

/** Rules over several fields in words, because JSON Schema cannot express them for stored records. */
const rulesOf = (constraints: readonly EntityConstraint[]) => constraints.map(ruleOf).join("\n");

function ruleOf(constraint: EntityConstraint): string {
  if (constraint.type === "UNIQUE_COMPOSITE") return `- \`${constraint.fields.join(", ")}\`: unique together`;
  if (constraint.type === "CONDITIONAL_REQUIRED") {
    const { field, when } = constraint;
    return `- \`${field}\`: required when \`${when.field}\` is \`${JSON.stringify(when.equals)}\``;
  }
  const words = constraint.type.slice("FIELD_".length).toLowerCase().replaceAll("_", " ");
  return `- \`${constraint.field}\`: ${words} \`${constraint.otherField}\``;
}
