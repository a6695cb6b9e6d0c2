import type { Column } from "../../model/column.ts";
import type { Entity, Relationship } from "../../model/entity.ts";
import type { Slot, SqlValue } from "../../model/sql-value.ts";
import type { OperatorName } from "../operators.ts";

/** A step from an entity to a related one. `through` is the join entity of a many-to-many. */
export interface Hop {
  readonly relationship: Relationship;
  readonly entity: Entity;
  readonly through: Entity | null;
}

/** In the rules of a principal, a slot stands for a claim or the time. */
export type PlanValue = SqlValue | Slot;

export type Predicate =
  | { readonly kind: "ALL" | "ANY"; readonly predicates: readonly Predicate[] }
  | { readonly kind: "NOT"; readonly predicate: Predicate }
  | {
      readonly kind: "TEST";
      readonly column: Column;
      readonly operator: OperatorName;
      readonly values: readonly PlanValue[];
    }
  /**
   * To-many: some related record satisfies it. To-one: the related record does, or an all-null record if there is none.
   */
  | { readonly kind: "RELATED"; readonly hop: Hop; readonly predicate: Predicate };

/** True for every record. */
export const EVERYTHING: Predicate = { kind: "ALL", predicates: [] };
/** True for no record. */
export const NOTHING: Predicate = { kind: "NOT", predicate: EVERYTHING };
