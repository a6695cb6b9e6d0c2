import { findWorkspaceView, forgetWorkspaceView } from "../../db/catalog-store.ts";
import type { ClaimedDelivery } from "../../db/webhook-queue.ts";
import { ResponseTooLarge } from "../../errors/api-errors.ts";
import { AppError } from "../../errors/app-error.ts";
import { currentMillis } from "../../lib/clock.ts";
import type { SqlValue } from "../../model/sql-value.ts";
import { WEBHOOK_EVENTS } from "../../model/webhook.ts";
import type { WorkspaceView } from "../../model/workspace.ts";
import { type CompiledView, compileRecordView } from "../../query/sql/record/compile-record-view.ts";
import { expandWithNames, planExpansions } from "../../webhooks/event-expansions.ts";
import { type EventPlace, isWanted } from "../../webhooks/event-filter.ts";
import { type ExpandedRecord, joinParts, messageBody } from "../../webhooks/message-body.ts";
import type { ServiceContext } from "../context.ts";

/** The most database requests of `prepareMessages`. */
export const PREPARING_REQUESTS = 3;

const isEvent = ({ event }: ClaimedDelivery) =>
  !event.isOmitted && WEBHOOK_EVENTS.some((type) => type === event.type);
const isChosen = (delivery: ClaimedDelivery) =>
  isEvent(delivery) && (delivery.filter !== null || delivery.expand !== null);

/** Whether the deliveries need the schema, and so database requests. */
export const needsPreparing = (deliveries: readonly ClaimedDelivery[]) => deliveries.some(isChosen);

/**
 * Returns the text of each message by delivery id; null for an event that the webhook's filter excludes. All deliveries
 * belong to one workspace. Throws SERVICE_UNAVAILABLE.
 */
export async function prepareMessages<D extends ClaimedDelivery>(
  ctx: ServiceContext,
  deliveries: readonly D[],
): Promise<readonly (readonly [D, string | null])[]> {
  const view = needsPreparing(deliveries) ? await viewFor(ctx, deliveries.filter(isChosen)) : undefined;
  const wanted = deliveries.filter((delivery) => {
    const place = placeOf(view, delivery);
    const filter = delivery.filter?.[delivery.event.entityId];
    return !isChosen(delivery) || !place || !filter || isWanted(place, filter, delivery.event);
  });
  const expanded = await expandRecords(ctx, view, wanted);
  return deliveries.map((delivery) => {
    if (!wanted.includes(delivery)) return [delivery, null];
    return [delivery, messageBody(delivery.event, expanded.get(delivery.id))];
  });
}

/** The cached view, unless it is older than the records of the events. */
async function viewFor(ctx: ServiceContext, deliveries: readonly ClaimedDelivery[]) {
  const [first] = deliveries;
  if (!first) return undefined;
  const known = await findWorkspaceView(ctx.platform, first.event);
  if (deliveries.every((delivery) => hasFields(placeOf(known, delivery), delivery))) return known;
  forgetWorkspaceView(first.event);
  return findWorkspaceView(ctx.platform, first.event);
}

function hasFields(place: EventPlace | undefined, { event }: ClaimedDelivery): boolean {
  const image = joinParts(event.record ?? event.previous);
  return place?.entity.columns.every(({ name }) => Object.hasOwn(image ?? {}, name)) ?? false;
}

function placeOf(view: WorkspaceView | undefined, { event }: ClaimedDelivery): EventPlace | undefined {
  if (!view) return undefined;
  const { catalog } = view;
  const entity = [...catalog.entities.values()].find(({ id }) => id === event.entityId);
  return entity && { catalog, entity };
}

/** The expansions of the records, by delivery id; none if the webhook does not expand. */
async function expandRecords(
  ctx: ServiceContext,
  view: WorkspaceView | undefined,
  deliveries: readonly ClaimedDelivery[],
): Promise<ReadonlyMap<string, ExpandedRecord>> {
  const expanding = deliveries.filter((each) => isChosen(each) && each.expand !== null);
  const reads = expanding.flatMap((delivery) => {
    const compiled = compileExpansions(placeOf(view, delivery), delivery);
    return compiled ? [{ id: delivery.id, compiled }] : [];
  });
  const expandedAt = new Date(currentMillis()).toISOString();
  const rows = reads.length === 0 ? [] : await readOrNothing(ctx, reads);
  const none = expanding.map(({ id }) => [id, { expandedAt: null, relationships: {} }] as const);
  const found = reads.flatMap(({ id, compiled }, i) => {
    const [cell] = rows[i]?.[0] ?? [];
    const relationships = typeof cell === "string" ? shapeOrNothing(compiled, cell) : undefined;
    return relationships ? [[id, { expandedAt, relationships }] as const] : [];
  });
  return new Map<string, ExpandedRecord>([...none, ...found]);
}

/** Undefined if there is nothing to expand, because the record or the relationships were deleted. */
function compileExpansions(
  place: EventPlace | undefined,
  { expand, event }: ClaimedDelivery,
): CompiledView | undefined {
  const stored = expand?.[event.entityId];
  const paths = place && stored && expandWithNames(place, stored);
  if (!place || !paths || event.record === null) return undefined;
  try {
    return compileRecordView(planExpansions(place, paths), event.recordId as SqlValue);
  } catch (failure) {
    if (failure instanceof AppError) return undefined;
    throw failure;
  }
}

async function readOrNothing({ database }: ServiceContext, reads: readonly { compiled: CompiledView }[]) {
  try {
    return await database.read(reads.map(({ compiled }) => compiled.statement));
  } catch (failure) {
    if (failure instanceof ResponseTooLarge) return [];
    throw failure;
  }
}

/** More related records than a response may contain are not sent. */
function shapeOrNothing(compiled: CompiledView, cell: string) {
  try {
    return compiled.shape(cell).record;
  } catch (failure) {
    if (failure instanceof AppError) return undefined;
    throw failure;
  }
}
