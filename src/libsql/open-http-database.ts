import { AppError } from "../errors/app-error.ts";
import { serviceUnavailable } from "../errors/failures.ts";
import { within } from "../lib/clock.ts";
import { createDatabase, type Database } from "./database.ts";
import { decodePipeline, encodePipeline } from "./pipeline.ts";

export interface HttpDatabaseConfig {
  /** `http(s)://…` of a libSQL server. */
  readonly url: string;
  readonly authToken: string | undefined;
  /** Sent along as `X-Request-Id`, so that the database's log can be joined with ours. */
  readonly requestId: string;
}

/** Opens a libSQL server for one request. Each method of the database is exactly one HTTP request. */
export function openHttpDatabase(config: HttpDatabaseConfig): Database {
  return createDatabase(async (steps, timeoutMs) => {
    try {
      return decodePipeline(await within(timeoutMs, post(config, encodePipeline(steps))), steps.length);
    } catch (cause) {
      throw cause instanceof AppError ? cause : serviceUnavailable(cause);
    }
  });
}

/** Throws when the server cannot be reached or refuses. */
async function post({ url, authToken, requestId }: HttpDatabaseConfig, body: string): Promise<string> {
  const headers: Record<string, string> = { "content-type": "application/json", "x-request-id": requestId };
  if (authToken) headers.authorization = `Bearer ${authToken}`;
  const response = await fetch(`${url}/v3/pipeline`, { method: "POST", headers, body });
  if (response.ok) return response.text();
  await response.body?.cancel();
  throw new Error(`libSQL answered ${response.status}`);
}
