import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { connect } from "node:net";

/** All attackers but those of A11 have this address; the other client has 127.0.0.1. */
export const ATTACKER_ADDRESS = "127.0.0.2";
const kept = new Agent({ keepAlive: true });

export interface Shot {
  readonly method?: string;
  readonly path: string;
  readonly key?: string;
  readonly body?: string;
  /** An address that differs from that of all attackers. */
  readonly from?: string;
  /** Sends an Idempotency-Key of its own with each request. */
  readonly isIdempotent?: boolean;
  /** The client leaves then. */
  readonly goneAfterMs?: number;
}

export interface Hit {
  /** The status, or how the connection ended. */
  readonly outcome: string;
  readonly bytes: number;
}

/** Sends a request and reads its response. */
export function shoot(port: number, shot: Shot): Promise<Hit> {
  const { method = "GET", path, key, body, from, isIdempotent, goneAfterMs } = shot;
  const { promise, resolve } = Promise.withResolvers<Hit>();
  const sent = request(
    {
      host: "127.0.0.1",
      port,
      method,
      path,
      localAddress: from ?? ATTACKER_ADDRESS,
      agent: from ? false : kept,
      headers: {
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(isIdempotent && { "idempotency-key": randomUUID() }),
        ...(body !== undefined && {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
        }),
      },
    },
    (response) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on("end", () => resolve({ outcome: String(response.statusCode), bytes }));
      response.on("error", () => resolve({ outcome: "broken", bytes }));
    },
  );
  sent.on("error", () => resolve({ outcome: goneAfterMs === undefined ? "broken" : "gone", bytes: 0 }));
  if (goneAfterMs !== undefined) setTimeout(() => sent.destroy(), goneAfterMs);
  sent.end(body);
  return promise;
}

export interface Held {
  readonly text: string;
  readonly isRead: boolean;
}

/**
 * Opens a connection and sends a text, then nothing. Resolves with the status, or "closed", when the server ends it.
 */
export function hold(port: number, { text, isRead }: Held): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect({ host: "127.0.0.1", port, localAddress: ATTACKER_ADDRESS });
  let received = "";
  if (isRead)
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1", 0, 12);
    });
  socket.on("error", () => undefined);
  socket.once("close", () => resolve(/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1] ?? "closed"));
  socket.write(text);
  return promise;
}
