/** The client that waits for statements. */
export interface Client {
  /** Its workspace; statements of different ones run in turn. */
  readonly lane: string;
  /** Whose statements are limited together. */
  readonly principal: string;
  /** Aborted when the client has gone; undefined if there is no client. */
  readonly signal: AbortSignal | undefined;
}

const BACKGROUND: Client = { lane: "", principal: "", signal: undefined };
const WORKSPACE_PATH = /^\/(?:api\/v1|mcp|docs)\/([^/?]+\/[^/?]+)/;

/** Returns from a request whom its statements count for. */
export function clientOf(request: Request | undefined): Client {
  if (!request) return BACKGROUND;
  const { pathname } = new URL(request.url);
  const lane = WORKSPACE_PATH.exec(pathname)?.[1] ?? "admin";
  return { lane, principal: request.headers.get("authorization") ?? "", signal: request.signal };
}
