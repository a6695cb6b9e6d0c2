import { validationFailed } from "../../errors/api-errors.ts";
import { AppError, type Detail } from "../../errors/app-error.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import type { JsonObject } from "../../model/json.ts";
import type { EventExpansions, EventFilters } from "../../model/webhook.ts";
import { expandWithIds, expandWithNames } from "../../webhooks/event-expansions.ts";
import { type EventPlace, eventFilterWithIds, eventFilterWithNames } from "../../webhooks/event-filter.ts";

/** The choices of a webhook, with current names. */
export interface NamedChoices {
  /** Null for all, including later ones. */
  readonly entities: readonly string[] | null;
  readonly filter: JsonObject | null;
  readonly expand: readonly string[] | null;
}

/** The choices of a webhook, as stored. */
export interface StoredChoices {
  readonly entities: readonly string[] | null;
  readonly filter: EventFilters | null;
  readonly expand: EventExpansions | null;
}

/** Resolves names to ids. Filter and expansions must fit each of the entities. Throws VALIDATION_ERROR. */
export function resolveChoices(catalog: Catalog, { entities, filter, expand }: NamedChoices): StoredChoices {
  const known = entities?.flatMap((name) => catalog.entities.get(name) ?? []) ?? null;
  const details: Detail[] = (entities ?? []).flatMap((name, i) => {
    return catalog.entities.has(name) ? [] : [{ field: `entities[${i}]`, message: "is not an entity" }];
  });
  function forEach<T>(field: string, resolve: (place: EventPlace) => T): Readonly<Record<string, T>> | null {
    if (!known) details.push({ field, message: "needs 'entities', to name the entities that it applies to" });
    const resolved = (known ?? []).flatMap((entity) => {
      try {
        return [[entity.id, resolve({ catalog, entity })] as const];
      } catch (failure) {
        if (!(failure instanceof AppError)) throw failure;
        details.push({ field, message: failure.message });
        return [];
      }
    });
    return Object.fromEntries(resolved);
  }
  const choices = {
    entities: known && [...new Set(known.map(({ id }) => id))],
    filter: filter && forEach("filter", (place) => eventFilterWithIds(place, filter)),
    expand: expand && forEach("expand", (place) => expandWithIds(place, expand)),
  };
  if (details.length > 0) throw validationFailed(details);
  return choices;
}

/** Deleted entities are left out. A filter or expansions with deleted names are no longer shown. */
export function showChoices(catalog: Catalog, stored: StoredChoices): NamedChoices {
  const all = [...catalog.entities.values()];
  const known = all.filter(({ id }) => stored.entities?.includes(id));
  const first = <T, N>(byId: Readonly<Record<string, T>> | null, show: (place: EventPlace, each: T) => N) => {
    const shown = known.flatMap((entity: Entity) => {
      const each = byId?.[entity.id];
      return each === undefined ? [] : [show({ catalog, entity }, each)];
    });
    return shown[0] ?? null;
  };
  const order = stored.entities ?? [];
  return {
    entities:
      stored.entities &&
      known.toSorted((a, b) => order.indexOf(a.id) - order.indexOf(b.id)).map(({ name }) => name),
    filter: first(stored.filter, eventFilterWithNames),
    expand: first(stored.expand, expandWithNames),
  };
}
