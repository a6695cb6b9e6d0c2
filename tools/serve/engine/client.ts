/** The client that waits for statements. */
export interface Client {
  /** Its workspace; statements of different ones run in turn. */
  readonly lane: string;
  /** Whose statements are bounded together. */
  readonly principal: string;
  /** Aborted when the client is gone; undefined when there is none. */
  readonly signal: AbortSignal | undefined;
}

const BACKGROUND: Client = { lane: "", principal: "", signal: undefined };
const WORKSPACE_PATH = /^\/(?:api\/v1|mcp|docs)\/([^/?]+\/[^/?]+)/;

/** Reads from a request whom its statements are counted for. */
export function clientOf(request: Request | undefined): Client {
  if (!request) return BACKGROUND;
  const { pathname } = new URL(request.url);
  const lane = WORKSPACE_PATH.exec(pathname)?.[1] ?? "admin";
  return { lane, principal: request.headers.get("authorization") ?? "", signal: request.signal };
}
