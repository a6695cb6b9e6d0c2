import { isJsonObject, parseJson } from "../../model/json.ts";
import { type ToolName, toolSchemas } from "./tool-schemas.ts";

const LISTS: ReadonlySet<string> = new Set(["fields", "expand", "sort", "groupBy", "measure"]);
const OBJECTS: ReadonlySet<string> = new Set(["filter", "record"]);

/**
 * Converts arguments from the forms that models send to those of the schemas. Null and an empty list count as an absent
 * optional argument. A list or an object may come as JSON text.
 */
export function readArguments(name: ToolName, sent: unknown): unknown {
  if (!isJsonObject(sent)) return sent;
  const { shape } = toolSchemas[name];
  const isOptional = (key: string) =>
    Object.hasOwn(shape, key) && shape[key as keyof typeof shape].safeParse(undefined).success;
  const read = Object.entries(sent).map(([key, value]) => [key, fromText(key, value)] as const);
  const kept = read.filter(([key, value]) => !(isOptional(key) && isNothing(value)));
  return Object.fromEntries(kept);
}

const isNothing = (value: unknown) => value === null || (Array.isArray(value) && value.length === 0);

function fromText(key: string, value: unknown): unknown {
  if (typeof value !== "string" || !(LISTS.has(key) || OBJECTS.has(key))) return value;
  try {
    const read = parseJson(value);
    return typeof read === "object" && read !== null ? read : value;
  } catch {
    return value;
  }
}
