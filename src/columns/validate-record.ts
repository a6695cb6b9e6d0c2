import type { Detail } from "../errors/app-error.ts";
import type { Column } from "../model/column.ts";
import type { Entity } from "../model/entity.ts";
import type { JsonObject } from "../model/json.ts";
import type { SqlValue } from "../model/sql-value.ts";
import { columnTypeOf } from "./registry.ts";
export interface Now {
  readonly iso: string;
  generateUuid(): string;
}
type Result = { ok: true; values: ReadonlyMap<Column, SqlValue> } | { ok: false; details: Detail[] };
export function recordValidatorOf(entity: Entity) {
  const run = (body: JsonObject, now: Now, isCreate: boolean, pathId?: SqlValue): Result => {
    const values = new Map<Column, SqlValue>();
    const details: Detail[] = [];
    for (const column of entity.columns) {
      const field = column.name;
      const sent = Object.hasOwn(body, field) ? body[field] : undefined;
      if (field === "id" && !isCreate) {
        if (sent !== undefined && sent !== pathId) details.push({ field, message: "cannot be changed" });
        continue;
      }
      if (column.autoSet) {
        if (sent !== undefined) details.push({ field, message: "is read-only" });
        else if (isCreate || (column.autoSet === "UPDATE" && Object.keys(body).length))
          values.set(column, now.iso);
        continue;
      }
      if (sent === undefined) {
        if (!isCreate) continue;
        if (column.generated) values.set(column, now.generateUuid());
        else if (field === "id") continue;
        else if (column.default !== undefined && column.default !== null) {
          const p = columnTypeOf(column).parse(column.default, column);
          if (p.ok) values.set(column, p.value);
        } else if (!column.nullable) details.push({ field, message: `${field} is required` });
        else values.set(column, null);
        continue;
      }
      if (sent === null) {
        if (field === "id" && isCreate) continue;
        if (!column.nullable) details.push({ field, message: `${field} is required` });
        else values.set(column, null);
        continue;
      }
      const parsed = columnTypeOf(column).parse(sent, column);
      if (parsed.ok) values.set(column, parsed.value);
      else details.push({ field, message: parsed.message });
    }
    for (const key of Object.keys(body))
      if (!entity.columnByName.has(key))
        details.push({ field: key, message: `is not a field of ${entity.name}` });
    return details.length ? { ok: false, details } : { ok: true, values };
  };
  return {
    validateCreate: (body: JsonObject, now: Now) => run(body, now, true),
    validateUpdate: (body: JsonObject, pathId: SqlValue, now: Now) => run(body, now, false, pathId),
  };
}
export function parseId(text: string, entity: Entity): SqlValue | undefined {
  if (entity.idType === "UUID")
    return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text.toLowerCase() : undefined;
  return /^(0|-?[1-9]\d*)$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}
