import { badRequest } from "../../errors/api-errors.ts";
import { echo, unknownName } from "../messages.ts";

/** The query parameters of each kind of request. `filter` stands for `filter[…]` too. */
export const LIST_PARAMETERS = [
  "page",
  "size",
  "count",
  "cursor",
  "sort",
  "filter",
  "fields",
  "expand",
] as const;
export const RECORD_PARAMETERS = ["fields", "expand"] as const;
export const AGGREGATE_PARAMETERS = ["measure", "groupBy", "sort", "filter"] as const;
export const EXPORT_PARAMETERS = ["format", "escapeFormulas", "sort", "filter", "fields"] as const;

/** A typo must not silently return everything: unknown parameters are BAD_REQUEST. */
export function rejectUnknownParameters(params: URLSearchParams, known: readonly string[]): void {
  for (const name of params.keys()) {
    if (known.includes(name)) continue;
    if (name.startsWith("filter[") && known.includes("filter")) continue;
    throw unknownName(`Unknown parameter ${echo(name)}`, {
      name: baseName(name),
      known,
      advice: " — unknown parameters are refused, so that no typo goes unnoticed",
    });
  }
}

/** The parameter's value, or null if absent. Throws BAD_REQUEST if it is given twice. */
export function singleParameter(params: URLSearchParams, name: string): string | null {
  const [value, second] = params.getAll(name);
  if (second !== undefined) throw badRequest(`Parameter '${name}' is given more than once (${echo(second)})`);
  return value ?? null;
}

export function invalidParameter(name: string, value: string, mustBe: string) {
  return badRequest(`Invalid ${name} ${echo(value)} — must be ${mustBe}`);
}

const baseName = (name: string) => name.split("[", 1)[0] ?? name;
