import { createHash } from "node:crypto";
import type { ApiError } from "../api/api-refusal.ts";
import type { ApiClient } from "../api/send-request.ts";
import type { Batch, BatchRow } from "./cut-batches.ts";

/** Where batches go: `POST …/bulk`, or `PUT …/bulk?upsertBy=…`. */
export interface BatchTarget {
  readonly client: ApiClient;
  readonly method: "POST" | "PUT";
  readonly path: string;
}

export interface BatchAnswer {
  /** By the row's index in what was sent. */
  readonly errors: ReadonlyMap<number, ApiError>;
  /** An earlier run had written the batch; this is its answer. */
  readonly isReplayed: boolean;
}

export const bodyOf = (rows: readonly BatchRow[]) => `[${rows.map(({ text }) => text).join(",")}]`;

/** The same for the same rows in the same place of one import, in every run; another for everything else. */
export function batchKey({ method, path }: BatchTarget, { number, rows }: Batch, identity: string): string {
  const facts = JSON.stringify([identity, method, path, number]);
  return `import-${createHash("sha256").update(facts).update(bodyOf(rows)).digest("hex")}`;
}

/** Throws as ApiClient.send. */
export async function sendRows(
  { client, method, path }: BatchTarget,
  rows: readonly BatchRow[],
  idempotencyKey: string,
): Promise<BatchAnswer> {
  const { response, text } = await client.send({ method, path, body: bodyOf(rows), idempotencyKey });
  const answer = JSON.parse(text) as { errors?: { index: number; error: ApiError }[] };
  return {
    errors: new Map((answer.errors ?? []).map(({ index, error }) => [index, error])),
    isReplayed: response.headers.get("Idempotent-Replayed") === "true",
  };
}
