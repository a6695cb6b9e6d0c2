import * as z from "zod/v4";
import { badRequest } from "../../errors/api-errors.ts";
import { InexactNumber, type JsonObject } from "../../model/json.ts";
import { NAME_PATTERN } from "../../model/names.ts";
import { MAX_BATCH_ITEMS } from "../../query/limits.ts";
import type { TransactionOperation } from "../../write/plan/plan-transaction.ts";
import { jsonObjectSchema } from "../field-schemas.ts";
import { problemText, readShape } from "../parse-input.ts";

const shared = {
  entity: z.string(),
  /** The name by which later operations refer to this one's record. */
  as: z.string().regex(NAME_PATTERN, "must be a name").optional(),
};
const existing = {
  id: z.union([z.string(), z.number(), z.instanceof(InexactNumber)], "must be an id"),
  ifMatch: z.string().optional(),
};
const body = jsonObjectSchema;

const operationSchema = z.discriminatedUnion(
  "method",
  [
    z.strictObject({ method: z.literal("POST"), ...shared, body }),
    z.strictObject({ method: z.literal(["PUT", "PATCH"]), ...shared, ...existing, body }),
    z.strictObject({ method: z.literal("DELETE"), entity: shared.entity, ...existing }),
  ],
  "must be POST, PUT, PATCH or DELETE",
);

const transactionSchema = z.strictObject({
  operations: z.array(operationSchema).min(1).max(MAX_BATCH_ITEMS),
});

type SentOperation = z.infer<typeof operationSchema>;

/** Parses the operations of a body, in order. Throws BAD_REQUEST naming what is wrong and where. */
export function parseTransaction(sent: JsonObject): readonly TransactionOperation[] {
  const result = readShape(transactionSchema, sent);
  if (!("data" in result)) throw badRequest(result.details.map(problemText).join("; "));
  const { operations } = result.data;
  const names = operations.flatMap((operation) => ("as" in operation && operation.as ? [operation.as] : []));
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) throw badRequest(`Two operations are called '${repeated}'`);
  return operations.map(toOperation);
}

function toOperation(sent: SentOperation): TransactionOperation {
  const { entity } = sent;
  const named = "as" in sent && sent.as !== undefined ? { as: sent.as } : {};
  if (sent.method === "POST") return { kind: "CREATE", entity, ...named, body: sent.body };
  const existing = { entity, id: sent.id, ifMatch: sent.ifMatch };
  if (sent.method === "DELETE") return { kind: "DELETE", ...existing };
  return { kind: "UPDATE", ...existing, ...named, body: sent.body };
}
