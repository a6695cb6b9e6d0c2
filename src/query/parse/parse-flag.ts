import { invalidParameter, singleParameter } from "./parameters.ts";

/** `true` or `false`; absent is false. */
export function parseFlag(params: URLSearchParams, name: string): boolean {
  const text = singleParameter(params, name);
  if (text !== null && text !== "true" && text !== "false")
    throw invalidParameter(name, text, "true or false");
  return text === "true";
}
