import { columnTypeOf } from "../../columns/registry.ts";
import type { Detail } from "../../errors/app-error.ts";
import { badRequest } from "../../errors/failures.ts";
import type { Column } from "../../model/column.ts";
import type { Entity } from "../../model/entity.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../model/json.ts";
import type { Statement } from "../../model/sql-value.ts";
import { MAX_COPIED_LENGTH } from "../../query/limits.ts";
import type { PlannedWrite } from "./planned-write.ts";

/** An operation that later ones may refer to. */
export interface NamedOperation {
  readonly entity: Entity;
  readonly write: PlannedWrite;
  readonly pending: ResolvedBody["pending"];
}

/** What comes before an operation. */
export interface EarlierOperations {
  readonly named: Map<string, NamedOperation>;
  /** Characters that references have copied so far. */
  copiedLength: number;
}

export interface ResolvedBody {
  readonly body: JsonObject;
  /** Fields that will hold an id which only the database will know, with the name of the operation that makes it. */
  readonly pending: ReadonlyMap<string, string>;
  readonly details: readonly Detail[];
}

/** Passes for an id while a body is validated; the statement gets the real one. */
const STAND_IN_ID = 1;

/**
 * Puts the values that `{"$ref":"order.id"}` means into a body of the entity, as far as they are known before the
 * database is asked. Throws BAD_REQUEST when references copy too much.
 */
export function resolveReferences(
  entity: Entity,
  body: JsonObject,
  earlier: EarlierOperations,
): ResolvedBody {
  const pending = new Map<string, string>();
  const details: Detail[] = [];
  const entries = Object.entries(body).map(([field, value]): [string, JsonValue] => {
    const own = entity.columnByName.get(field);
    const reference = referenceIn(value);
    if (reference === undefined) return [field, value];
    const [, name = "", source = ""] = REFERENCE.exec(reference) ?? [];
    if (own?.type === "JSON" && name === "") return [field, value];
    const known = earlier.named.get(name);
    const column = known?.entity.columnByName.get(source);
    if (!known || !column) {
      details.push({ field, message: `refers to '${reference}', which no earlier operation has` });
      return [field, null];
    }
    const maker = source === "id" && known.write.id === undefined ? name : known.pending.get(source);
    if (maker !== undefined) {
      if (own && !takesPendingId(own))
        details.push({ field, message: `cannot take the id of '${maker}', which is not known yet` });
      pending.set(field, maker);
      return [field, STAND_IN_ID];
    }
    const stored = source === "id" ? known.write.id : known.write.values.get(column);
    if (typeof stored === "string") earlier.copiedLength += stored.length;
    if (earlier.copiedLength > MAX_COPIED_LENGTH)
      throw badRequest(`References copy more than ${MAX_COPIED_LENGTH} characters`);
    if (stored === undefined)
      details.push({ field, message: `refers to '${reference}', which its operation does not send` });
    return [
      field,
      stored === undefined || stored === null ? null : columnTypeOf(column).toJson(stored, column),
    ];
  });
  return { body: Object.fromEntries(entries), pending, details };
}

/** `order.id`; what else a JSON column is given as `$ref`, such as `#/definitions/order`, is its value. */
const REFERENCE = /^([^.#/]+)\.([^.#/]+)$/;

/** Whatever the id will be, it is stored as it is and breaks no rule that is checked before it is known. */
const takesPendingId = ({ name, type, constraints }: Column) =>
  type === "INTEGER" && name !== "id" && constraints.length === 0;

function referenceIn(value: JsonValue): string | undefined {
  if (!isJsonObject(value)) return undefined;
  const { $ref, ...others } = value;
  return typeof $ref === "string" && Object.keys(others).length === 0 ? $ref : undefined;
}

/** Keeps the id of the insert before it under the operation's name. */
export const rememberId = (name: string): Statement => ({
  sql: "INSERT INTO transaction_results (name, record_id) VALUES (?, last_insert_rowid())",
  args: [name],
});

export const FORGET_IDS: Statement = { sql: "DELETE FROM transaction_results", args: [] };

const REMEMBERED_ID = "(SELECT record_id FROM transaction_results WHERE name = ?)";

/** The write with remembered ids in place of the stand-ins; `bound` are the columns of its first arguments, in order. */
export function withRememberedIds(
  write: PlannedWrite,
  bound: readonly Column[],
  pending: ReadonlyMap<string, string>,
): PlannedWrite {
  const nameAt = (position: number) => pending.get(bound[position]?.name ?? "");
  let position = 0;
  const sql = write.statement.sql.replaceAll("?", () =>
    nameAt(position++) === undefined ? "?" : REMEMBERED_ID,
  );
  const args = write.statement.args.map((value, i) => nameAt(i) ?? value);
  return { ...write, statement: { sql, args } };
}
