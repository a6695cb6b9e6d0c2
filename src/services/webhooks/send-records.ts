import * as z from "zod/v4";
import { parseId } from "../../columns/record-id.ts";
import { sendStatements } from "../../db/webhook-queue.ts";
import { recordNotFound } from "../../errors/api-errors.ts";
import { runFenced } from "../../fence/run-fenced.ts";
import { newId } from "../../lib/ids.ts";
import { entityNamed } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import { RECORDS_SENT } from "../../model/webhook.ts";
import type { WorkspaceView } from "../../model/workspace.ts";
import type { CompiledRead } from "../../query/sql/compiled.ts";
import { shapeRow } from "../../query/sql/record/shape-record.ts";
import { hasId } from "../../write/sql/conditions.ts";
import { compileFind } from "../../write/sql/find.ts";
import { render } from "../../write/sql/statement.ts";
import type { WorkspaceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { countSchema } from "../field-schemas.ts";
import { parseInput } from "../parse-input.ts";
import { requireEnabled, webhookNotFound } from "./webhook-missing.ts";

const MAX_ROWS = 100;

export const sendRecordsSchema = z.strictObject({
  entity: z.string(),
  ids: z
    .array(z.union([z.string(), z.number()], "must be an id"))
    .min(1)
    .max(MAX_ROWS),
});

type SendRecordsBody = z.infer<typeof sendRecordsSchema>;

export interface SendRecordsInput {
  readonly id: string;
  readonly body: unknown;
}

export const sentRecordsSchema = z.strictObject({
  jobId: z.string(),
  deliveryId: z.string(),
  rowCount: countSchema,
});
type SentRecords = Dto<typeof sentRecordsSchema>;

/**
 * Sends chosen records as they are now, in one message that is delivered like any other, outside the order of events.
 * Throws VALIDATION_ERROR, NOT_FOUND (webhook, entity or record), BAD_REQUEST for a disabled webhook.
 */
export async function sendRecords(
  ctx: WorkspaceContext,
  { id, body }: SendRecordsInput,
): Promise<SentRecords> {
  const input = parseInput(sendRecordsSchema, body);
  const { entity, rows } = await runFenced(ctx, {
    need: "READ",
    plan: (view) => planRows(view, id, input),
  });
  const [jobId, deliveryId, messageId] = [newId("job"), newId("dlv"), newId("msg")];
  const sent = {
    webhookId: id,
    deliveryId,
    messageId,
    type: RECORDS_SENT,
    entityId: entity.id,
    entityName: entity.name,
    record: JSON.stringify({ jobId, records: rows }),
  };
  const results = await ctx.database.write(sendStatements(sent));
  if (results.at(-1)?.length === 0) throw webhookNotFound(id);
  return { jobId, deliveryId, rowCount: rows.length };
}

interface ReadRows {
  readonly entity: Entity;
  readonly rows: readonly object[];
}

function planRows(
  { catalog, webhooks }: WorkspaceView,
  id: string,
  input: SendRecordsBody,
): CompiledRead<ReadRows> {
  requireEnabled(webhooks, id);
  const entity = entityNamed(catalog, input.entity);
  const ids = input.ids.map((text) => {
    const parsed = parseId(String(text), entity);
    if (parsed === undefined) throw recordNotFound(String(text));
    return parsed;
  });
  return {
    kind: "READ",
    statements: ids.map((recordId) => render(compileFind(entity, hasId(recordId)))),
    shape: (results) => ({
      entity,
      rows: results.map(([row], i) => {
        if (!row) throw recordNotFound(String(input.ids[i]));
        return shapeRow(entity, row).record;
      }),
    }),
  };
}
