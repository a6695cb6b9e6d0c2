import { sql } from "drizzle-orm";
import type { Column } from "../../../model/column.ts";
import type { Entity } from "../../../model/entity.ts";
import type { SqlValue, Statement } from "../../../model/sql-value.ts";
import type { Predicate } from "../../plan/predicate.ts";
import { READ_EVERYTHING } from "../../plan/target.ts";
import { qualified } from "../fragments.ts";
import type { Source } from "../source.ts";
import { Sources } from "../sources.ts";
import { tableOf } from "../table-of.ts";
import { Embedded, toStatement } from "../to-statement.ts";
import { compilePredicate } from "./compile-predicate.ts";

/** The assignments of a write: values, or expressions. */
export type WrittenValues = ReadonlyMap<Column, SqlValue | Statement>;

export interface RecordToCheck {
  /** The values that the record gets before the rule is checked. */
  readonly written?: WrittenValues;
  /** Whether the record does not exist yet, so that it has only these values. */
  readonly isNew?: boolean;
}

/**
 * The rule as a condition in a statement over the entity's table without an alias: on the record as it is, or as it
 * will be after the write.
 */
export function compileRule(
  entity: Entity,
  rule: Predicate,
  { written, isNew }: RecordToCheck = {},
): Statement {
  const source: Source = {
    entity,
    alias: entity.physicalTable,
    from: sql`${tableOf(entity)}`,
    isNarrowed: false,
    column(column) {
      const value = written?.get(column);
      if (value === undefined)
        return isNew ? sql`${null}` : qualified(entity.physicalTable, column.columnName);
      return typeof value === "object" && value !== null ? sql`${new Embedded(value)}` : sql`${value}`;
    },
  };
  const condition = compilePredicate(rule, source, new Sources(READ_EVERYTHING));
  return toStatement(sql`(${condition})`);
}
