import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Requests of a connection that wait for the one before them. Hardly any client sends a second one. */
const MAX_WAITING = 100;

interface Line {
  last: ServerResponse;
  waiting: number;
}

/**
 * The order of requests that a client sends on one connection without waiting for responses. They are handled one at a
 * time: a response cannot be sent before the one that was asked for first, and one connection stays one client.
 */
export class Pipelines {
  readonly #lines = new WeakMap<Socket, Line>();

  /** Resolves when the responses before this one are sent; undefined if that is now. Closes a connection with too many. */
  untilFirst(socket: Socket, response: ServerResponse): Promise<void> | undefined {
    const line = this.#lines.get(socket);
    if (!line) {
      this.#lines.set(socket, { last: response, waiting: 0 });
      return undefined;
    }
    const { last } = line;
    line.last = response;
    if (last.closed) return undefined;
    if (line.waiting >= MAX_WAITING) socket.destroy();
    return this.#wait(line, last);
  }

  async #wait(line: Line, last: ServerResponse): Promise<void> {
    line.waiting += 1;
    await new Promise<void>((resolve) => last.once("close", resolve));
    line.waiting -= 1;
  }
}
