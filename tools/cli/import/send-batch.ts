import { createHash } from "node:crypto";
import type { ErrorBody } from "../api/api-error.ts";
import type { ApiClient } from "../api/send-request.ts";
import type { Batch, BatchRow } from "./cut-batches.ts";

/** Where batches go: `POST …/bulk`, or `PUT …/bulk?upsertBy=…`. */
export interface BatchTarget {
  readonly client: ApiClient;
  readonly method: "POST" | "PUT";
  readonly path: string;
}

export interface BatchAnswer {
  /** By the index of the row in the request. */
  readonly errors: ReadonlyMap<number, ErrorBody>;
  /** Whether an earlier run wrote the batch, so that this is its response. */
  readonly isReplayed: boolean;
}

export const bodyOf = (rows: readonly BatchRow[]) => `[${rows.map(({ text }) => text).join(",")}]`;

/** Returns the same key for the same rows in the same place of an import, in every run, and no other key twice. */
export function batchKey({ method, path }: BatchTarget, { number, rows }: Batch, identity: string): string {
  const facts = JSON.stringify([identity, method, path, number]);
  return `import-${createHash("sha256").update(facts).update(bodyOf(rows)).digest("hex")}`;
}

/** Sends rows in one request. Throws as ApiClient.send. */
export async function sendRows(
  { client, method, path }: BatchTarget,
  rows: readonly BatchRow[],
  idempotencyKey: string,
): Promise<BatchAnswer> {
  const { response, text } = await client.send({ method, path, body: bodyOf(rows), idempotencyKey });
  const answer = JSON.parse(text) as { errors?: { index: number; error: ErrorBody }[] };
  return {
    errors: new Map((answer.errors ?? []).map(({ index, error }) => [index, error])),
    isReplayed: response.headers.get("Idempotent-Replayed") === "true",
  };
}
