import { badRequest } from "../../errors/api-errors.ts";
import { AppError } from "../../errors/app-error.ts";
import { sha256Hex } from "../../lib/hashing.ts";
import { networkOf } from "../../model/addresses/address-range.ts";
import type { WorkspaceContext } from "../../services/context.ts";
import { type AppContext, workspaceContext } from "../context.ts";
import { readBytes } from "./read-body.ts";

const KEY_PATTERN = /^[\x20-\x7e]{1,255}$/;

/** The context of a write: as workspaceContext, with the Idempotency-Key if the client sent one. */
export async function writeContext(c: AppContext): Promise<WorkspaceContext> {
  const ctx = workspaceContext(c);
  const key = c.req.header("Idempotency-Key");
  const { actor } = ctx;
  if (key === undefined || actor.kind === "ADMIN") return ctx;
  if (!KEY_PATTERN.test(key)) {
    return { ...ctx, idempotency: badRequest("Idempotency-Key must be 1 to 255 printable ASCII characters") };
  }
  const { pathname, search } = new URL(c.req.url);
  const bytes = await readBytes(c);
  if (bytes instanceof AppError) return { ...ctx, idempotency: bytes };
  const body = new TextDecoder().decode(bytes);
  const fingerprint = await sha256Hex(JSON.stringify([c.req.method, pathname, search, body]));
  const request = { key: await ownKey(ctx, key), fingerprint, now: ctx.now };
  return { ...ctx, idempotency: { request, isReplayed: false } };
}

/**
 * Anonymous clients are one principal, so their keys belong to the address: a stranger who sends the same key and body
 * does not get their response. The digest keeps addresses out of the database.
 */
async function ownKey({ actor, clientAddress }: WorkspaceContext, key: string): Promise<string> {
  if (actor.kind !== "ANONYMOUS") return key;
  return sha256Hex(JSON.stringify([networkOf(clientAddress() ?? ""), key]));
}

/** Marks the response as that of an earlier request. */
export function markReplay(c: AppContext, { idempotency }: WorkspaceContext): void {
  if (idempotency && !(idempotency instanceof AppError) && idempotency.isReplayed) {
    c.get("headers")["Idempotent-Replayed"] = "true";
  }
}
