import { invalidParameter, singleParameter } from "./parameters.ts";

/** `true` or `false`. */
export function parseFlag(params: URLSearchParams, name: string, whenAbsent = false): boolean {
  const text = singleParameter(params, name);
  if (text !== null && text !== "true" && text !== "false")
    throw invalidParameter(name, text, "true or false");
  return text === null ? whenAbsent : text === "true";
}
