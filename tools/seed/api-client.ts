import { OperatorError } from "../runtime/operator-error.ts";

export interface ApiAnswer {
  readonly status: number;
  // biome-ignore format: one shape
  readonly body: { readonly data?: unknown; readonly meta?: { readonly totalPages?: number }; readonly error?: { readonly code: string; readonly message: string } };
}

export interface ApiClient {
  /** Any answer, whatever its status. */
  send(method: string, path: string, body?: unknown): Promise<ApiAnswer>;
  /** The `data` of a success. Throws OperatorError for everything else but the statuses that are allowed for. */
  require(method: string, path: string, body?: unknown, allowed?: readonly number[]): Promise<unknown>;
}

/** A client of the Admin or Workspace API, as anybody's script would be. */
export function createApiClient(baseUrl: string, bearer: string): ApiClient {
  async function send(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    const response = await fetch(baseUrl + path, {
      method,
      headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : {} };
  }
  return {
    send,
    async require(method, path, body, allowed = []) {
      const answer = await send(method, path, body);
      if (answer.status < 300 || allowed.includes(answer.status)) return answer.body.data;
      throw new OperatorError(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    },
  };
}
