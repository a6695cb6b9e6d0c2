import type { Requester } from "../../libsql/step.ts";
import { type Actor, principalIdOf } from "../../model/actor.ts";
import { networkOf } from "../../model/addresses/address-range.ts";
import { type AppContext, addressOf } from "../context.ts";
import { bearerOf } from "./authenticate.ts";
import { clientAddressOf } from "./client-address.ts";

/**
 * The client of a request, for the database. However a client spells its path and its credential, its lane and its name
 * stay the same.
 */
export const requesterOf = (c: AppContext): Requester => ({
  request: c.req.raw,
  lane: () => laneOf(c),
  principal: () => `${laneOf(c)} ${principalOf(c)}`,
});

/** A workspace's names are decoded here, so `%61` and `a` are one lane. */
function laneOf(c: AppContext): string {
  if (c.req.path.startsWith("/admin/")) return "admin";
  const { organization, workspace } = addressOf(c);
  return `${organization}/${workspace}`;
}

/** Anonymous clients are told apart by their network. */
function principalOf(c: AppContext): string {
  const actor: Actor | undefined = c.get("actor");
  const isNamed = actor !== undefined && actor.kind !== "ANONYMOUS" && actor.kind !== "ADMIN";
  if (isNamed) return principalIdOf(actor);
  return bearerOf(c) ?? networkOf(clientAddressOf(c) ?? "");
}
