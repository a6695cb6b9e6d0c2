import { randomUUID } from "node:crypto";
import { send } from "./send.ts";

/** Far more than any request takes. */
const MOST_ATTEMPTS = 100;
const UNAVAILABLE = 503;
/** The prefix of the `X-Request-Id` of all its requests. */
export const PERSISTENT_ID = "persistent-";

export interface PersistentAnswer {
  // biome-ignore lint/suspicious/noExplicitAny: bodies of all kinds, looked into by tests
  readonly body: any;
  readonly etag: string;
}

/** A client that repeats every request until it gets a response. Each write has one Idempotency-Key. */
export class Persistent {
  readonly #base: string;
  readonly #token: string;
  /** Writes whose response was lost and replayed. */
  replays = 0;

  constructor(base: string, token: string) {
    this.#base = base;
    this.#token = token;
  }

  read(path: string): Promise<PersistentAnswer> {
    return this.#send({ method: "GET", path, status: 200 });
  }

  /** Throws if the response has another status. */
  write(
    ...[method, path, status, body, headers = {}]: [
      method: string,
      path: string,
      status: number,
      body?: unknown,
      headers?: Readonly<Record<string, string>>,
    ]
  ): Promise<PersistentAnswer> {
    return this.#send({
      method,
      path,
      status,
      body,
      headers: { ...headers, "Idempotency-Key": randomUUID() },
    });
  }

  async #send(request: Expected): Promise<PersistentAnswer> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const { method, path, status, body, headers } = request;
      const answer = await send(this.#base + path, {
        method,
        token: this.#token,
        body,
        headers: { "x-request-id": PERSISTENT_ID + randomUUID(), ...headers },
      });
      if (!answer || answer.status === UNAVAILABLE) continue;
      if (answer.status !== status)
        throw new Error(`${method} ${path}: ${answer.status} instead of ${status}: ${answer.text}`);
      if (answer.headers.get("Idempotent-Replayed") === "true") this.replays++;
      const answered = answer.text === "" ? undefined : JSON.parse(answer.text);
      return { body: answered, etag: answer.headers.get("ETag") ?? "" };
    }
    throw new Error(`${request.method} ${request.path} was not answered`);
  }
}

interface Expected {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
