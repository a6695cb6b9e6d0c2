import { isJsonObject, type JsonObject, type JsonValue, parseJson } from "../../../../src/model/json.ts";
import { type FieldMap, fieldsOf } from "../map-fields.ts";
import { type Place, type SourceRow, unreadable } from "./source-row.ts";

/** Reads rows from the texts of JSON objects. With `fromErrors`, each text is a line of an errors file with a `row`. */
export async function* readJsonRows(
  texts: AsyncIterable<Place & { readonly text: string }>,
  { fields, fromErrors }: { readonly fields: FieldMap; readonly fromErrors: boolean },
): AsyncGenerator<SourceRow> {
  for await (const { line, item, text } of texts) {
    if (text.trim() === "") continue;
    const place = { line, ...(item !== undefined && { item }) };
    const value = parse(text);
    const object = fromErrors && isJsonObject(value) ? value.row : value;
    if (isJsonObject(object)) yield { ...place, record: renameFields(object, fields) };
    else {
      const message = value === undefined ? "The row is not valid JSON" : "The row is not a JSON object";
      yield { ...place, record: { text }, error: unreadable(message) };
    }
  }
}

function parse(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Maps names to fields. Unknown names stay: the server refuses them, row by row. */
function renameFields(object: JsonObject, fields: FieldMap): JsonObject {
  return fieldsOf(
    Object.entries(object).flatMap(([name, value]) => {
      const field = fields.columnOf(name);
      return field === "IGNORED" ? [] : [[field ?? { name }, value] as const];
    }),
  );
}
