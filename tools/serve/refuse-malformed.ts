import { type OutgoingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** Statuses other than 400 for what Node's parser refuses, and for a request that takes too long. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};
const BODY_CODES = new Set(["HPE_INVALID_EOF_STATE", "HPE_INVALID_CHUNK_SIZE"]);

/** Responds to a request that Node's parser refuses, unless a response has begun, and closes the connection. */
export function refuseMalformed({ code = "" }: NodeJS.ErrnoException, socket: Duplex): void {
  const { _httpMessage: begun } = socket as { _httpMessage?: OutgoingMessage };
  if (!socket.writable || begun?.headersSent) {
    socket.destroy();
    return;
  }
  const status = STATUS_OF_CODE[code] ?? 400;
  const body = status === 400 ? bodyOf(code) : "";
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(body && ["Content-Type: application/json", "X-Content-Type-Options: nosniff"]),
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

function bodyOf(code: string): string {
  const message = BODY_CODES.has(code) ? "Request body could not be read" : "The request is not valid HTTP";
  return JSON.stringify({ error: { code: "BAD_REQUEST", message } });
}
