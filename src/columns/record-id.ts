import { validationFailed } from "../errors/api-errors.ts";
import type { Entity } from "../model/entity.ts";
import { InexactNumber, type JsonValue } from "../model/json.ts";
import type { SqlValue } from "../model/sql-value.ts";
import { columnTypeOf } from "./registry.ts";

/**
 * Returns the stored form of an id in a path; undefined for a text that cannot be an id of the entity. An integer has
 * one form. A UUID may be in either case (RFC 9562, section 4), as in bodies and filters, and is returned in lower
 * case.
 */
export function parseId(text: string, entity: Entity): SqlValue | undefined {
  const [column] = entity.columns;
  if (!column || (column.type === "INTEGER" && !/^(?:0|-?[1-9]\d*)$/.test(text))) return undefined;
  const parsed = columnTypeOf(column).parseText(text, column);
  return parsed.ok ? parsed.value : undefined;
}

/**
 * Returns the text that an id in a body has in a path. Throws VALIDATION_ERROR for a number that is not an id, such as
 * `1.5`, and for text that spells an integer, such as `"1"`. Any other value becomes a text that no record has.
 */
export function idTextOf(entity: Entity, sent: JsonValue): string {
  const text = textOf(sent);
  const isNumber = typeof sent === "number" || sent instanceof InexactNumber;
  const [column] = entity.columns;
  const parsed = column && columnTypeOf(column).parse(sent, column);
  if (parsed?.ok === false && (isNumber || parseId(text, entity) !== undefined))
    throw validationFailed([{ field: "id", message: parsed.message, rule: "TYPE" }]);
  return text;
}

function textOf(sent: JsonValue): string {
  if (sent instanceof InexactNumber) return sent.text;
  return typeof sent === "object" ? JSON.stringify(sent) : String(sent);
}
