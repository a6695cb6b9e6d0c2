import {
  malformedIfMatch,
  malformedIfNoneMatch,
  recordExists,
  recordHasChanged,
  recordNotFound,
} from "../../errors/api-errors.ts";
import type { AppError } from "../../errors/app-error.ts";
import { parseEntityTags } from "../../lib/entity-tags.ts";
import type { Entity } from "../../model/entity.ts";
import type { Statement } from "../../model/sql-value.ts";
import type { RecordTarget } from "../../query/plan/target-in.ts";
import { shapeTagOf } from "../../query/sql/record/shape-record.ts";
import { isAtVersion, isNotAtVersion } from "../sql/conditions.ts";
import { compileFindVersion } from "../sql/find.ts";
import { onlyIf, type RecordStatement, render } from "../sql/statement.ts";
import { amongVisible } from "./rules.ts";
import type { Requirement } from "./write-plan.ts";

/** The headers of RFC 9110, section 13.1, as sent. */
export interface Precondition {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

/** A condition on the record's version, and the error if the record does not satisfy it. */
export interface VersionRule {
  readonly condition: Statement;
  readonly otherwise: () => AppError;
}

/** Parses the headers' condition on the record's version. Throws BAD_REQUEST for a malformed header. */
export function versionRulesOf(
  entity: Entity,
  { ifMatch, ifNoneMatch }: Precondition,
): readonly VersionRule[] {
  const rules: VersionRule[] = [];
  if (ifMatch !== undefined) {
    const tags = parseEntityTags(ifMatch);
    if (tags === undefined) throw malformedIfMatch();
    if (tags !== "ANY")
      rules.push({ condition: isAtVersion(versionsIn(tags, entity)), otherwise: recordHasChanged });
  }
  if (ifNoneMatch !== undefined) {
    const tags = parseEntityTags(ifNoneMatch);
    if (tags === undefined) throw malformedIfNoneMatch();
    const condition = tags === "ANY" ? isAtVersion([]) : isNotAtVersion(versionsIn(tags, entity));
    rules.push({ condition, otherwise: recordExists });
  }
  return rules;
}

/** The versions that tags name: `7-abc` for the entity's current shape, `7` for any. */
function versionsIn(tags: readonly string[], entity: Entity): readonly number[] {
  return tags.flatMap((tag) => {
    const [, version, shape] = /^(\d{1,16})(?:-([0-9a-z]{1,8}))?$/.exec(tag) ?? [];
    if (version === undefined) return [];
    return shape === undefined || shape === shapeTagOf(entity) ? [Number(version)] : [];
  });
}

/** The statement, limited to records that satisfy the rules. */
export const underRules = (statement: RecordStatement, rules: readonly VersionRule[]): RecordStatement =>
  rules.reduce((limited, { condition }) => onlyIf(limited, condition), statement);

export interface VersionedRecord {
  /** Which record it is. */
  readonly condition: Statement;
  /** The name of the record in messages. */
  readonly shown: string;
  readonly rules: readonly VersionRule[];
}

/** The requirement that the record exists for the operation and satisfies the rules. */
export function requirementsOf(
  target: RecordTarget,
  operation: "update" | "delete",
  { condition: isRecord, shown, rules }: VersionedRecord,
): readonly Requirement[] {
  const found = amongVisible(compileFindVersion(target.stored.entity, isRecord), target, operation);
  const exists = { query: () => render(found), otherwise: () => recordNotFound(shown) };
  const met = rules.map(({ condition, otherwise }) => ({
    query: () => render(onlyIf(found, condition)),
    otherwise,
  }));
  return [exists, ...met];
}
