import * as z from "zod/v4";
import type { Detail } from "../../errors/app-error.ts";
import { OPERATIONS, type Operation, type Preset } from "../../model/access.ts";
import type { Permission } from "../../model/api-key.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../model/json.ts";
import { MAX_ENTITIES } from "../../model/names.ts";
import { isOperand } from "../../model/operand.ts";
import { READ_BEFORE_WRITE } from "../../openapi/principal-paths.ts";
import { MAX_FIELDS } from "../../query/limits.ts";
import type { Dto } from "../dto.ts";

/**
 * An object with any JSON values. Unlike `jsonObjectSchema`, it is documented as an object. Zod drops a `__proto__`,
 * which could not name a field anyway.
 */
const treeSchema = z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject>;

/** A scope as the API shows it, with current names. An absent rule does not limit anything. */
export const shownScopeSchema = z.strictObject({
  entity: z.string(),
  operations: z.array(z.enum(OPERATIONS)),
  filter: treeSchema.optional(),
  check: treeSchema.optional(),
  fields: z.array(z.string()).optional(),
  writableFields: z.array(z.string()).optional(),
  /** Values, operands such as `{"$claim":"sub"}`, or either with `"on":"WRITE"`. */
  presets: treeSchema.optional(),
});
export type ShownScope = Dto<typeof shownScopeSchema>;

const fieldsSchema = z.array(z.string()).max(MAX_FIELDS).nullable().optional();
const ruleSchema = treeSchema.nullable().optional();

const operationsSchema = z.array(z.enum(OPERATIONS)).min(1).meta(READ_BEFORE_WRITE);

const scopeSchema = z
  .strictObject({
    entity: z.string().min(1),
    operations: operationsSchema,
    filter: ruleSchema,
    check: ruleSchema,
    fields: fieldsSchema,
    writableFields: fieldsSchema,
    presets: ruleSchema,
  })
  .refine(
    ({ operations }) =>
      operations.includes("read") || !(operations.includes("update") || operations.includes("delete")),
    { path: ["operations"], error: "must include read if it has update or delete" },
  );

export const scopesSchema = z.array(scopeSchema).min(1).max(MAX_ENTITIES);
export type NamedScope = z.output<typeof scopeSchema>;

/** Present in the response to a change of scopes if some rules are slow. Each warning names the rule's path. */
export const warningsSchema = z.array(z.strictObject({ field: z.string(), message: z.string() })).optional();

/** Scopes that a READ_ONLY key or role cannot use, by their paths. */
export const contradictionsOf = (
  permission: Permission | undefined,
  scopes: readonly { readonly operations: readonly Operation[] }[] | null | undefined,
): readonly Detail[] =>
  (permission === "READ_ONLY" ? (scopes ?? []) : []).flatMap(({ operations }, i) => {
    const isReading = operations.every((operation) => operation === "read");
    return isReading
      ? []
      : [{ field: `scopes[${i}].operations`, message: "must be read alone for READ_ONLY" }];
  });

/**
 * `{"$claim":"sub","on":"WRITE"}` and `{"value":"x","on":"WRITE"}` are set on every write, everything else on create.
 */
export function readPreset(sent: JsonValue): Preset {
  if (!isJsonObject(sent) || sent.on !== "WRITE") return { value: sent };
  const { on, value, ...others } = sent;
  const isAlone = Object.keys(others).length === 0;
  if (value === undefined) return isOperand(others) ? { value: others, on } : { value: sent };
  return isAlone ? { value, on } : { value: sent };
}

/** In the form that `readPreset` takes. */
export function showPreset({ value, on }: Preset): JsonValue {
  if (!on) return value;
  return isOperand(value) ? { ...value, on } : { value, on };
}
