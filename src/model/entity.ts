import type { Column } from "./column.ts";
import type { JsonObject, JsonValue } from "./json.ts";

export type IdType = "INTEGER" | "UUID";

export interface ManyToManyDefinition {
  readonly name: string;
  readonly type: "MANY_TO_MANY";
  /** The join entity and its two reference columns: to this entity and to the target. */
  readonly through: string;
  readonly source: string;
  readonly target: string;
  readonly description?: string | undefined;
}

export const COMPARISON_CONSTRAINTS = [
  "FIELD_LESS_THAN",
  "FIELD_LESS_THAN_OR_EQUAL",
  "FIELD_GREATER_THAN",
  "FIELD_GREATER_THAN_OR_EQUAL",
  "FIELD_NOT_EQUAL",
] as const;

/** Rules over several fields of one record, enforced by the database itself. */
export type EntityConstraint =
  | { readonly type: "UNIQUE_COMPOSITE"; readonly fields: readonly string[] }
  | {
      readonly type: (typeof COMPARISON_CONSTRAINTS)[number];
      readonly field: string;
      readonly otherField: string;
      readonly message?: string;
    }
  | {
      readonly type: "CONDITIONAL_REQUIRED";
      readonly field: string;
      readonly when: { readonly field: string; readonly equals: JsonValue };
      readonly message?: string;
    };

/** The names of the fields that a rule covers. */
export function constraintFields(constraint: EntityConstraint): readonly string[] {
  if (constraint.type === "UNIQUE_COMPOSITE") return constraint.fields;
  if (constraint.type === "CONDITIONAL_REQUIRED") return [constraint.field, constraint.when.field];
  return [constraint.field, constraint.otherField];
}

/** Null means that the workspace's setting applies, or else the system's. */
export interface EntitySettings {
  readonly defaultExpand: readonly string[] | null;
  readonly defaultFields: readonly string[] | null;
  readonly expandableRelationships: readonly string[] | null;
  readonly filterableFields: readonly string[] | null;
  readonly maxExpandDepth: number | null;
}

/** An index over several fields, over some records only, or both. */
export interface EntityIndex {
  readonly fields: readonly string[];
  readonly unique: boolean;
  /** Which records it contains. Default: all. */
  readonly where?: JsonObject | undefined;
}

/** An entity as stored: the admin document with all defaults filled in. `columns` does not contain `id`. */
export interface EntityDefinition {
  /** Stable: survives renames. */
  readonly id: string;
  readonly name: string;
  /** Former names, so that a document from another deployment can rename it. */
  readonly previousNames?: readonly string[] | undefined;
  readonly tableName: string;
  /** What its records are, in the owner's words. */
  readonly description?: string | undefined;
  readonly idType: IdType;
  readonly columns: readonly Column[];
  readonly constraints: readonly EntityConstraint[];
  /** Absent if there are none. */
  readonly indexes?: readonly EntityIndex[] | undefined;
  readonly relationships: readonly ManyToManyDefinition[];
  readonly settings: EntitySettings;
}

/** A resolved relationship from one entity to another. */
export type Relationship =
  | {
      readonly kind: "TO_ONE";
      readonly name: string;
      readonly target: string;
      readonly description?: string | undefined;
      /** This entity's column that contains the target's id. */
      readonly column: Column;
    }
  | {
      readonly kind: "TO_MANY";
      readonly name: string;
      readonly target: string;
      /** The target's column that contains this entity's id. */
      readonly targetColumn: Column;
    }
  | {
      readonly kind: "MANY_TO_MANY";
      readonly name: string;
      readonly target: string;
      readonly description?: string | undefined;
      readonly through: string;
      /** The columns of `through`: to this entity, and to the target. */
      readonly sourceColumn: Column;
      readonly targetColumn: Column;
    };

/** A column of some entity that contains ids of this one. */
export interface InboundReference {
  readonly entity: string;
  readonly column: Column;
}

/** An entity as requests use it, resolved against its workspace. */
export interface Entity extends Omit<EntityDefinition, "relationships"> {
  /** With the workspace's prefix, such as `w12_orders`. */
  readonly physicalTable: string;
  /** `id` first, then the definition's columns in order. */
  readonly columns: readonly Column[];
  readonly columnByName: ReadonlyMap<string, Column>;
  readonly relationships: ReadonlyMap<string, Relationship>;
  readonly inbound: readonly InboundReference[];
  readonly definition: EntityDefinition;
}
