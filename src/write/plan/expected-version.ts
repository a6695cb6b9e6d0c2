import { recordHasChanged, recordNotFound } from "../../errors/failures.ts";
import type { Entity } from "../../model/entity.ts";
import type { SqlValue } from "../../model/sql-value.ts";
import { shapeTagOf } from "../../query/sql/shape-record.ts";
import { isAtVersion } from "../sql/conditions.ts";
import { findVersion } from "../sql/find.ts";
import { onlyIf, type RecordStatement, render } from "../sql/statement.ts";
import type { Requirement } from "./write-plan.ts";

/** A version, and the shape that it was seen in; without a shape, as it stands in any. */
export interface ExpectedTag {
  readonly version: number;
  readonly shape: string | undefined;
}

/** `expected` is what If-Match asks for: a tag, `"ANY"` existing record, or `"NONE"`, which nothing can match. */
export interface Precondition {
  readonly expected?: ExpectedTag | "ANY" | "NONE" | undefined;
}

/** The version that a precondition asks for; undefined when every version will do. No record has version 0. */
export function expectedVersionOf(entity: Entity, { expected }: Precondition): number | undefined {
  if (expected === "NONE") return 0;
  if (expected === undefined || expected === "ANY") return undefined;
  const isSameShape = expected.shape === undefined || expected.shape === shapeTagOf(entity);
  return isSameShape ? expected.version : 0;
}

export interface ExpectedRecord {
  readonly id: SqlValue;
  /** The id as it was sent. */
  readonly text: string;
  readonly version: number | undefined;
}

/** The statement, done only for the expected version. */
export const atVersion = (statement: RecordStatement, version: number | undefined): RecordStatement =>
  version === undefined ? statement : onlyIf(statement, isAtVersion(version));

/** The record exists, and has the version that the client saw. */
export function requirementsOf(
  entity: Entity,
  { id, text, version }: ExpectedRecord,
): readonly Requirement[] {
  const exists = { query: render(findVersion(entity, id)), otherwise: () => recordNotFound(text) };
  if (version === undefined) return [exists];
  const isExpected = render(atVersion(findVersion(entity, id), version));
  return [exists, { query: isExpected, otherwise: recordHasChanged }];
}
