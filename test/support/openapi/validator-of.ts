import { type Schema, Validator } from "@cfworker/json-schema";
import type { Parts } from "../find-operation.ts";

/** Returns whether a value is valid for a schema of the document. */
export function validatorOf(document: Parts, part: Parts | undefined): (value: unknown) => boolean {
  const whole = { $defs: document.components.schemas, allOf: [part] };
  const text = JSON.stringify(whole).replaceAll("#/components/schemas/", "#/$defs/");
  const validator = new Validator(JSON.parse(text) as Schema, "2020-12");
  return (value) => validator.validate(value).valid;
}
