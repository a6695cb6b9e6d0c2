import type { Requester } from "../../../src/libsql/step.ts";

/** The client that waits for statements. */
export interface Client {
  /** Statements of different lanes run in turn. */
  readonly lane: string;
  /** Whose statements are limited together. */
  readonly principal: string;
  /** Aborted when the client has gone; undefined if there is no client. */
  readonly signal: AbortSignal | undefined;
}

const BACKGROUND: Client = { lane: "", principal: "", signal: undefined };

/** Returns whom a request's statements count for. */
export function clientOf(requester: Requester | undefined): Client {
  if (!requester) return BACKGROUND;
  return {
    lane: requester.lane(),
    principal: requester.principal(),
    signal: requester.request.signal,
  };
}
