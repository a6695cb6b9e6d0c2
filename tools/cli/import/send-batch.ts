import { createHash } from "node:crypto";
import type { ApiError } from "../api/api-refusal.ts";
import type { ApiClient } from "../api/send-request.ts";
import type { Batch, RefusedRow } from "./cut-batches.ts";

/** Where batches go: `POST …/bulk`, or `PUT …/bulk?upsertBy=…`. */
export interface BatchTarget {
  readonly client: ApiClient;
  readonly method: "POST" | "PUT";
  readonly path: string;
}

export interface BatchAnswer {
  readonly succeeded: number;
  readonly refused: readonly RefusedRow[];
  /** An earlier run had written the batch; this is its answer. */
  readonly isReplayed: boolean;
}

/** The same for the same rows in the same place of one import, in every run; another for everything else. */
export function batchKey({ method, path }: BatchTarget, batch: Batch, identity: string): string {
  const facts = JSON.stringify([identity, method, path, batch.lines[0]]);
  return `import-${createHash("sha256").update(facts).update(batch.body).digest("hex")}`;
}

/** Throws as ApiClient.send. */
export async function sendBatch(
  { client, method, path }: BatchTarget,
  batch: Batch,
  idempotencyKey: string,
): Promise<BatchAnswer> {
  const { response, text } = await client.send({ method, path, body: batch.body, idempotencyKey });
  const answer = JSON.parse(text) as { succeeded: number; errors?: { index: number; error: ApiError }[] };
  return {
    succeeded: answer.succeeded,
    refused: (answer.errors ?? []).map(({ index, error }) => ({
      line: batch.lines[index] ?? 0,
      row: batch.records[index] ?? {},
      error,
    })),
    isReplayed: response.headers.get("Idempotent-Replayed") === "true",
  };
}
