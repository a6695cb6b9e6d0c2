import * as z from "zod/v4";
import { constraintTypes } from "../../columns/constraints/registry.ts";
import {
  MAX_ENUM_VALUE_LENGTH,
  MAX_ENUM_VALUES,
  MAX_PRECISION,
  typeOfOption,
} from "../../columns/define-column.ts";
import { isStorableText, MAX_TEXT_LENGTH, UNSTORABLE_TEXT } from "../../columns/text.ts";
import { COLUMN_TYPES, ON_DELETE_ACTIONS } from "../../model/column.ts";
import { COMPARISON_CONSTRAINTS, type EntitySettings } from "../../model/entity.ts";
import { MAX_COLUMNS, MAX_CONSTRAINTS, MAX_ENTITIES, NAME_PATTERN } from "../../model/names.ts";
import { MAX_EXPAND_DEPTH } from "../../query/limits.ts";
import { jsonObjectSchema } from "../field-schemas.ts";
import { withoutUndefined } from "../without-undefined.ts";

/* The shape of an entity's definition in the admin API. What the parts mean together is checked later. */

const MAX_RELATIONSHIPS = 100;
const MAX_MESSAGE_LENGTH = 500;
const MAX_DESCRIPTION_LENGTH = 1_000;
export const MAX_PREVIOUS_NAMES = 20;

export const nameSchema = z
  .string()
  .regex(NAME_PATTERN, "must start with a letter and have at most 63 letters, digits and underscores");

const messageSchema = z.string().min(1).max(MAX_MESSAGE_LENGTH);
export const descriptionSchema = z
  .string()
  .min(1)
  .max(MAX_DESCRIPTION_LENGTH)
  .refine(isStorableText, UNSTORABLE_TEXT)
  .meta({ pattern: "^[^\\x00]*$" });
export const previousNamesSchema = z.array(nameSchema).max(MAX_PREVIOUS_NAMES);
const idSchema = z.string().max(100);

const columnConstraintSchema = z.strictObject({
  type: z.string().meta({ enum: [...constraintTypes.keys()] }),
  value: z.union([z.string(), z.number()], "must be a string or a number").optional(),
  message: messageSchema.optional(),
});

const referenceSchema = z.strictObject({
  entity: nameSchema,
  relationship: nameSchema.optional(),
  inverse: nameSchema.nullable().optional(),
  onDelete: z.enum(ON_DELETE_ACTIONS).default("RESTRICT"),
  description: descriptionSchema.optional(),
});

/** The properties of a column. A change may remove each of them with null. */
const optional = {
  columnName: nameSchema,
  description: descriptionSchema,
  previousNames: previousNamesSchema,
  length: z.int().min(1).max(MAX_TEXT_LENGTH),
  precision: z.int().min(1).max(MAX_PRECISION),
  scale: z.int().min(0).max(MAX_PRECISION),
  values: z
    .array(z.string().meta({ minLength: 1, maxLength: MAX_ENUM_VALUE_LENGTH, pattern: "^[^\\x00]*$" }))
    .meta({ minItems: 1, maxItems: MAX_ENUM_VALUES, uniqueItems: true }),
  generated: z.boolean(),
  autoSet: z.enum(["INSERT", "UPDATE"]),
  default: z.json(),
  references: referenceSchema,
};

/** Which options belong together. */
const COLUMN_SHAPE = {
  anyOf: [
    { required: ["references"] },
    { required: ["type"], properties: { type: { enum: COLUMN_TYPES.filter((type) => type !== "ENUM") } } },
    { required: ["type", "values"], properties: { type: { const: "ENUM" } } },
  ],
  dependentSchemas: {
    references: { properties: { type: { enum: ["INTEGER", "UUID"] } } },
    ...Object.fromEntries(
      Object.entries(typeOfOption).map(([option, type]) => [
        option,
        { required: ["type"], properties: { type: { const: type } } },
      ]),
    ),
  },
};

const always = {
  nullable: z.boolean(),
  unique: z.boolean(),
  indexed: z.boolean(),
  constraints: z.array(columnConstraintSchema).max(MAX_CONSTRAINTS),
};

export const columnPatchSchema = z.strictObject({
  name: nameSchema.optional(),
  type: z.enum(COLUMN_TYPES).optional(),
  ...z.object(always).partial().shape,
  ...Object.fromEntries(
    Object.entries(optional).map(([name, schema]) => [name, schema.nullable().optional()]),
  ),
});

export type ColumnPatch = z.infer<typeof columnPatchSchema>;

export const columnSchema = z
  .strictObject({
    id: idSchema.optional(),
    name: nameSchema,
    /** Optional for references, which take the type of the id that they point to. */
    type: z.enum(COLUMN_TYPES).optional(),
    nullable: always.nullable.default(true),
    unique: always.unique.default(false),
    indexed: always.indexed.default(false),
    constraints: always.constraints.default([]),
    ...z.object(optional).partial().shape,
  })
  .refine(({ type, references }) => type !== undefined || references !== undefined, {
    path: ["type"],
    error: "is required",
  })
  .refine(
    ({ type, references }) => !references || type === undefined || type === "INTEGER" || type === "UUID",
    {
      path: ["type"],
      error: "must be left out: a reference has the type of the id it points to",
    },
  )
  .meta(COLUMN_SHAPE);

/** Several fields of an index or a rule; a check of the whole definition refuses repetitions. */
const fieldsSchema = (least: number) => z.array(nameSchema).min(least).max(8).meta({ uniqueItems: true });

/** Any JSON but null. */
const conditionSchema = z.json().meta({ not: { type: "null" } });

const entityConstraintSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("UNIQUE_COMPOSITE"), fields: fieldsSchema(2) }),
  z.strictObject({
    type: z.literal(COMPARISON_CONSTRAINTS),
    field: nameSchema,
    otherField: nameSchema,
    message: messageSchema.optional(),
  }),
  z.strictObject({
    type: z.literal("CONDITIONAL_REQUIRED"),
    field: nameSchema,
    when: z.strictObject({ field: nameSchema, equals: conditionSchema }),
    message: messageSchema.optional(),
  }),
]);

const relationshipSchema = z.strictObject({
  name: nameSchema,
  type: z.literal("MANY_TO_MANY"),
  through: nameSchema,
  source: nameSchema,
  target: nameSchema,
  description: descriptionSchema.optional(),
});

export const entityConstraintsSchema = z.array(entityConstraintSchema).max(MAX_CONSTRAINTS);
export const relationshipsSchema = z.array(relationshipSchema).max(MAX_RELATIONSHIPS);

const MAX_INDEXES = 50;
export const indexesSchema = z
  .array(
    z.strictObject({
      fields: fieldsSchema(1),
      unique: z.boolean().default(false),
      where: jsonObjectSchema.meta({ type: "object", additionalProperties: true }).optional(),
    }),
  )
  .max(MAX_INDEXES);

const pathsSchema = z.array(z.string().max(500)).max(MAX_COLUMNS).nullable();

export const settingsSchema = z.strictObject({
  defaultExpand: pathsSchema,
  defaultFields: pathsSchema,
  expandableRelationships: pathsSchema,
  filterableFields: pathsSchema,
  maxExpandDepth: z.int().min(1).max(MAX_EXPAND_DEPTH).nullable(),
});

const NO_SETTINGS: EntitySettings = {
  defaultExpand: null,
  defaultFields: null,
  expandableRelationships: null,
  filterableFields: null,
  maxExpandDepth: null,
};

export const entityDefinitionSchema = z.strictObject({
  id: idSchema.optional(),
  name: nameSchema,
  previousNames: previousNamesSchema.optional(),
  tableName: nameSchema.optional(),
  description: descriptionSchema.optional(),
  idType: z.enum(["INTEGER", "UUID"]).default("INTEGER"),
  columns: z.array(columnSchema).max(MAX_COLUMNS).default([]),
  constraints: entityConstraintsSchema.default([]),
  indexes: indexesSchema.optional(),
  relationships: relationshipsSchema.default([]),
  settings: settingsSchema
    .partial()
    .default({})
    .transform((settings) => ({ ...NO_SETTINGS, ...withoutUndefined(settings) })),
});

export const schemaDocumentSchema = z
  .strictObject({
    /** The document's origin. Ids of another deployment mean nothing here. */
    deployment: z.string().max(100).optional(),
    /** The time of a pull. `If-Match` is what protects against later changes. */
    version: z.int().optional(),
    entities: z.array(entityDefinitionSchema).max(MAX_ENTITIES),
  })
  .superRefine(({ deployment, version }, context) => {
    if (version === undefined || deployment !== undefined) return;
    context.addIssue({ code: "custom", path: ["version"], message: "is not a known property" });
  })
  .meta({ dependentRequired: { version: ["deployment"] } });

export type SchemaDocumentInput = z.infer<typeof schemaDocumentSchema>;
export type ColumnInput = z.infer<typeof columnSchema>;
export type EntityDefinitionInput = z.infer<typeof entityDefinitionSchema>;
