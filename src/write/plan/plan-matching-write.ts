import { recordValidatorOf, type ValidationContext } from "../../columns/validate-record.ts";
import { isGuardFailure, requireNone } from "../../db/write-guard.ts";
import { badRequest } from "../../errors/api-errors.ts";
import type { SqlFailure } from "../../libsql/sql-failure.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Rows, Statement } from "../../model/sql-value.ts";
import type { MatchingPlan } from "../../query/plan/plan-matching.ts";
import type { RecordTarget } from "../../query/plan/target-in.ts";
import type { CompiledRead } from "../../query/sql/compiled.ts";
import { compileMatching } from "../../query/sql/page/compile-page.ts";
import { shapeRow } from "../../query/sql/record/shape-record.ts";
import { diagnoseDelete } from "../failure/diagnose-delete.ts";
import { diagnoseWrite } from "../failure/diagnose-write.ts";
import { type Diagnosis, known } from "../failure/diagnosis.ts";
import { withChanges } from "../sql/assignments.ts";
import { isAmong } from "../sql/conditions.ts";
import { compileDeletes } from "../sql/delete.ts";
import { compileFindIds } from "../sql/find.ts";
import { onlyIf, type RecordStatement, render, returningId } from "../sql/statement.ts";
import { compileUpdates } from "../sql/update.ts";
import { keptConditionsOf } from "./kept-fields.ts";
import { separateChanges } from "./relative-changes.ts";
import { amongVisible, attemptOf, invalidBody, type RuleCondition, ruleChecksOf } from "./rules.ts";
import type { WritePlan, WriteStep } from "./write-plan.ts";

/** How many records a write by filter has changed and, if requested, which. */
export interface MatchingResult {
  readonly affected: number;
  readonly data?: readonly JsonObject[];
}

/** What to do with the matching records. */
export interface MatchingWrite {
  readonly operation: "update" | "delete";
  readonly statement: RecordStatement;
  readonly checks: readonly RuleCondition[];
  diagnose(failure: SqlFailure): Diagnosis;
}

/** The records to write: those that match and that the caller may write. */
function matchingOf(target: RecordTarget, matching: MatchingPlan, operation: "update" | "delete"): Statement {
  const visible = target.visible.bind(compileMatching(matching));
  return render(amongVisible(compileFindIds(target.stored.entity, isAmong(visible)), target, operation));
}

/** Changes the matching records. Throws BAD_REQUEST, VALIDATION_ERROR, FORBIDDEN. */
export function planMatchingUpdate(
  target: RecordTarget,
  { matching, body }: { readonly matching: MatchingPlan; readonly body: JsonObject },
  context: ValidationContext,
): MatchingWrite {
  const { entity } = target.stored;
  const separated = separateChanges(target, body, context);
  const validated = recordValidatorOf(entity).validateUpdate(separated.body, null, separated.context);
  if (!validated.ok) throw invalidBody(target, "update", validated.details);
  const { values, kept } = validated;
  const { changes, conditions, named } = separated;
  const written = withChanges(values, changes);
  if (written.size === 0) throw badRequest("Request body must change at least one field");
  const ids = matchingOf(target, matching, "update");
  return {
    operation: "update",
    statement: compileUpdates(entity, written, [isAmong(ids)]),
    checks: [
      ...keptConditionsOf(target, kept),
      ...conditions,
      ...ruleChecksOf(target, { operation: "update", values, written, named }),
    ],
    diagnose: (failure) => diagnoseWrite(failure, { ...attemptOf(target, "update"), values, named }),
  };
}

/** Deletes the matching records. */
export function planMatchingDelete(target: RecordTarget, matching: MatchingPlan): MatchingWrite {
  const { entity, catalog } = target.stored;
  const ids = matchingOf(target, matching, "delete");
  return {
    operation: "delete",
    statement: compileDeletes(entity, isAmong(ids)),
    checks: [],
    diagnose: (failure) => diagnoseDelete(failure, { catalog, entity, ids, subject: "A matching record" }),
  };
}

interface Asked {
  readonly matching: MatchingPlan;
  readonly isReturning: boolean;
}

/** Writes all matching records in one transaction, or none if there are too many or one of them is refused. */
export function planMatchingWrite(
  target: RecordTarget,
  write: MatchingWrite,
  { matching, isReturning }: Asked,
): WritePlan<MatchingResult> {
  const { maxAffected } = matching;
  const { statement, diagnose } = write;
  const ids = matchingOf(target, matching, write.operation);
  const guards = [
    guardStep(moreThan(ids, maxAffected), () => tooMany(maxAffected)),
    ...write.checks.map((check) => checkStep(target, ids, { ...check, diagnose })),
  ];
  const steps: readonly WriteStep[] = [
    ...guards,
    {
      statement: render(isReturning ? statement : returningId(statement)),
      keep: { position: 0, cell: () => CHANGED },
      diagnose,
    },
  ];
  return {
    kind: "WRITE",
    steps,
    shape: (results) => matchingResultOf(target, results[guards.length] ?? [], isReturning),
    replay: {
      content: null,
      rebuild: ({ records }) => ({ affected: Number(records.get(0) ?? 0) }),
    },
  };
}

/** Counts the records that a write would change. */
export function planMatchingCount(
  target: RecordTarget,
  { operation }: MatchingWrite,
  matching: MatchingPlan,
): CompiledRead<MatchingResult> {
  const { maxAffected } = matching;
  const { sql, args } = matchingOf(target, matching, operation);
  return {
    kind: "READ",
    statements: [{ sql: `SELECT count(*) FROM (${sql} LIMIT ?)`, args: [...args, maxAffected + 1] }],
    shape([[[count = 0] = []] = []]) {
      if (Number(count) > maxAffected) throw tooMany(maxAffected);
      return { affected: Number(count) };
    },
  };
}

function matchingResultOf(target: RecordTarget, rows: Rows, isReturning: boolean): MatchingResult {
  if (!isReturning) return { affected: rows.length };
  const data = rows.map((row) => shapeRow(target.stored.entity, row, target.entity).record);
  return { affected: rows.length, data };
}

/** The records that the preceding write has changed. */
const CHANGED: Statement = { sql: "SELECT changes()", args: [] };

const tooMany = (maxAffected: number) => badRequest(`The filter matches more than ${maxAffected} records`);

const moreThan = ({ sql, args }: Statement, count: number): Statement => ({
  sql: `${sql} LIMIT 1 OFFSET ?`,
  args: [...args, count],
});

/** Fails if a record would break the check. */
function checkStep(
  target: RecordTarget,
  ids: Statement,
  { condition, otherwise, diagnose }: RuleCondition & Pick<MatchingWrite, "diagnose">,
): WriteStep {
  const broken = { sql: `(${condition.sql}) IS NOT TRUE`, args: condition.args };
  const found = render(onlyIf(compileFindIds(target.stored.entity, isAmong(ids)), broken));
  return guardStep(found, otherwise, diagnose);
}

const guardStep = (
  query: Statement,
  errorOf: RuleCondition["otherwise"],
  diagnose: MatchingWrite["diagnose"] = () => known(undefined),
): WriteStep => ({
  statement: requireNone(query),
  diagnose: (failure) => (isGuardFailure(failure) ? known(errorOf()) : diagnose(failure)),
});
