import type { JsonObject } from "../model/json.ts";
import type { Maker } from "./entity-paths.ts";
import { updateNameOf } from "./entity-schemas.ts";
import { WRITE_ERRORS } from "./error-responses.ts";
import {
  arrayOf,
  COUNT,
  headerRef,
  jsonBody,
  jsonResponse,
  objectOf,
  parameterRef,
  REPLAYED,
  schemaRef,
} from "./parts.ts";

/** The writes by filter on an entity's collection. */
export function matchingOperations({ name, component, own, operation }: Maker): JsonObject {
  const parameters = [
    ...own("matchingFilter"),
    ...["maxAffected", "dryRun", "Prefer", "Idempotency-Key"].map(parameterRef),
  ];
  const affected = objectOf({ affected: COUNT, data: arrayOf(schemaRef(component)) }, { optional: ["data"] });
  const responses = {
    200: jsonResponse("How many records were written, or would be.", affected, {
      "Preference-Applied": headerRef("Preference-Applied"),
      ...REPLAYED,
    }),
    ...WRITE_ERRORS,
  };
  return {
    patch: operation({
      id: "updateMatching",
      summary: `Change every record of ${name} that matches a filter`,
      parameters,
      body: jsonBody(schemaRef(updateNameOf(component))),
      responses,
    }),
    delete: operation({
      id: "deleteMatching",
      summary: `Delete every record of ${name} that matches a filter`,
      parameters,
      responses,
    }),
  };
}
