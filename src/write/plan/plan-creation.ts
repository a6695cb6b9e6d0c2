import type { ValidationContext } from "../../columns/validate-record.ts";
import { validationFailed } from "../../errors/api-errors.ts";
import type { AppError } from "../../errors/app-error.ts";
import type { Entity } from "../../model/entity.ts";
import type { JsonObject } from "../../model/json.ts";
import type { PlanningView } from "../../model/workspace.ts";
import type { RecordTarget } from "../../query/plan/target-in.ts";
import { attemptEach } from "./attempts.ts";
import { type BodyRecord, inRecord, nestableIn, nestedIn, recordsIn } from "./nested-records.ts";
import { planCreate } from "./plan-create.ts";
import type { NestedWrite, PlannedWrite } from "./planned-write.ts";
import {
  collecting,
  type EarlierOperations,
  type NamedOperation,
  referTo,
  rememberedId,
  rememberInserted,
  resolveReferences,
  unresolved,
} from "./references.ts";
import { validationContextOf } from "./validation-context.ts";
import { viewsOf } from "./views.ts";

export interface Creation {
  readonly target: RecordTarget;
  readonly body: JsonObject;
  /** The name by which nested records refer to this one. It is unique in the request. */
  readonly name: string;
}

/** Shared by all creations of a request. */
export interface Creating {
  readonly planning: PlanningView;
  readonly earlier: EarlierOperations;
  /** Whether bodies may refer to earlier operations. */
  readonly hasReferences: boolean;
  /** Whether records may be nested: only in a request that writes all or nothing. */
  readonly mayNest: boolean;
}

/** A planned write, and its fields that wait for ids of earlier operations. */
export interface Created extends Pick<NamedOperation, "pending"> {
  readonly write: PlannedWrite;
}

/**
 * Plans the create of a record, and of the records and links that are nested in its body: the writes of a transaction in
 * which each record refers to the one that it is nested in. Throws VALIDATION_ERROR, FORBIDDEN, BAD_REQUEST.
 */
export function planCreation({ target, body, name }: Creation, creating: Creating): Created {
  const fields = nestedIn({ target, body }).map(({ field }) => field);
  if (fields.length === 0 && !creating.hasReferences) return planFlat(target, body, creating);
  if (fields.length > 0 && !creating.mayNest)
    throw validationFailed(
      fields.map((field) => ({ field, message: "needs atomic=true, to be created together" })),
    );
  const records = recordsIn(creating.planning, { target, body, path: "" }, creating.earlier);
  const [root, ...nested] = planRecords(records, { creating, name });
  if (!root) throw new Error("a body holds no record");
  const { write, pending } = root;
  if (nested.length === 0) return { write, pending };
  const views = viewsOf(target, write.id === undefined ? rememberedId(name) : write.id);
  return { write: { ...write, ...views, nested }, pending };
}

const planFlat = (target: RecordTarget, body: JsonObject, creating: Creating): Created => ({
  write: planCreate(target, body, contextOf(target, creating)),
  pending: new Map(),
});

const contextOf = (target: RecordTarget, { planning, earlier, mayNest }: Creating): ValidationContext => ({
  ...validationContextOf(planning, target, earlier.patterns),
  ...(mayNest && { otherFields: () => nestableIn(target) }),
});

type PlannedRecord = Created & NestedWrite;

/** Throws the validation problems of all records together, else the first error. */
function planRecords(
  records: readonly BodyRecord[],
  { creating, name }: Omit<Family, "makers">,
): readonly PlannedRecord[] {
  const owners = new Set(records.map(({ owner }) => owner?.record));
  const makers = new Map<BodyRecord, NamedOperation>();
  const { results, errors } = attemptEach(records, (record): PlannedRecord => {
    const { entity } = record.target;
    makers.set(record, standInOf(entity));
    const { write, pending } = planRecord(record, { creating, name, makers });
    makers.set(record, { entity, write, pending });
    const isRemembered = owners.has(record) && write.id === undefined;
    const remember = isRemembered && { remember: rememberInserted(nameIn(name, record)) };
    return { write: { ...write, ...remember }, pending, tell: (error) => inRecord(record, error) };
  });
  if (errors.length === 0) return results;
  throw worstOf(errors.map(({ item, error }) => inRecord(item, error)));
}

interface Family {
  readonly creating: Creating;
  /** The name of the first record. */
  readonly name: string;
  readonly makers: ReadonlyMap<BodyRecord, NamedOperation>;
}

function planRecord(record: BodyRecord, { creating, name, makers }: Family): Created {
  const { earlier, hasReferences } = creating;
  const { target, owner } = record;
  const own = hasReferences
    ? resolveReferences(target.stored.entity, record.body, earlier)
    : unresolved(record.body);
  const maker = owner && makers.get(owner.record);
  const { body, pending, made, details } = maker
    ? referTo(own, owner.column, { name: nameIn(name, owner.record), maker })
    : own;
  const context = { ...contextOf(target, creating), pending, made };
  const write = collecting([...record.details, ...details], () => planCreate(target, body, context));
  return { write, pending };
}

const nameIn = (name: string, { path }: BodyRecord) => (path === "" ? name : `${name}.${path}`);

/** Stands in for a record until it is planned. If it is refused, the records nested in it can still be checked. */
const standInOf = (entity: Entity): NamedOperation => ({
  entity,
  write: { id: entity.idType === "UUID" ? "00000000-0000-0000-0000-000000000000" : 1, values: new Map() },
  pending: new Map(),
});

/** All validation problems together, before other errors. */
function worstOf(errors: readonly AppError[]): AppError {
  const invalid = errors.filter(({ details }) => details !== undefined);
  const [first] = errors;
  if (!first) throw new Error("no record was refused");
  return invalid.length > 0 ? validationFailed(invalid.flatMap(({ details = [] }) => details)) : first;
}
