import { AppError } from "../../errors/app-error.ts";
import { badRequest } from "../../errors/failures.ts";
import { sha256Hex } from "../../lib/hashing.ts";
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
  const request = { key, fingerprint, now: ctx.now };
  return { ...ctx, idempotency: { request, isReplayed: false } };
}

/** Marks the response as that of an earlier request. */
export function markReplay(c: AppContext, { idempotency }: WorkspaceContext): void {
  if (idempotency && !(idempotency instanceof AppError) && idempotency.isReplayed) {
    c.get("headers")["Idempotent-Replayed"] = "true";
  }
}
