import * as z from "zod/v4";
import { sendStatements } from "../../db/webhook-queue.ts";
import { badRequest } from "../../errors/api-errors.ts";
import { runFenced } from "../../fence/run-fenced.ts";
import { newId } from "../../lib/ids.ts";
import { entityNamed } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import { TEST_SENT } from "../../model/webhook.ts";
import type { WorkspaceView } from "../../model/workspace.ts";
import { sampleRecord } from "../../openapi/sample-record.ts";
import { stepsOf } from "../../write/plan/write-plan.ts";
import type { WorkspaceContext } from "../context.ts";
import type { Dto } from "../dto.ts";
import { parseInput } from "../parse-input.ts";
import { requireEnabled } from "./webhook-missing.ts";

/** Default: the first entity of the webhook. */
export const testWebhookSchema = z.strictObject({ entity: z.string().optional() });

export const sentTestSchema = z.strictObject({ deliveryId: z.string() });

export interface TestWebhookInput {
  readonly id: string;
  readonly body: unknown;
}

/**
 * Sends a sample record in the envelope of an event, with a type that no change has. Filters and expansions do not
 * apply. Throws VALIDATION_ERROR, NOT_FOUND (webhook or entity), BAD_REQUEST for a disabled webhook.
 */
export async function testWebhook(
  ctx: WorkspaceContext,
  { id, body }: TestWebhookInput,
): Promise<Dto<typeof sentTestSchema>> {
  const input = parseInput(testWebhookSchema, body);
  const [deliveryId, messageId] = [newId("dlv"), newId("msg")];
  return runFenced(ctx, {
    need: "MANAGE",
    plan(view) {
      const entity = chosenEntity(view, id, input.entity);
      const record = JSON.stringify([sampleOf(entity)]);
      const sent = { webhookId: id, deliveryId, messageId, type: TEST_SENT, record };
      const statements = sendStatements({ ...sent, entityId: entity.id, entityName: entity.name });
      return { kind: "WRITE", steps: stepsOf(statements), shape: () => ({ deliveryId }) };
    },
  });
}

function chosenEntity({ catalog, webhooks }: WorkspaceView, id: string, name: string | undefined): Entity {
  const { entities } = requireEnabled(webhooks, id);
  if (name !== undefined) return entityNamed(catalog, name);
  const all = [...catalog.entities.values()];
  const first = all.find((entity) => entities?.includes(entity.id) ?? true);
  if (!first) throw badRequest("The webhook has no entity to send a sample of");
  return first;
}

/** A column is null if no sample satisfies its rules. */
const sampleOf = ({ columns }: Entity) =>
  Object.assign({}, ...columns.map((column) => sampleRecord([column]) ?? { [column.name]: null }));
