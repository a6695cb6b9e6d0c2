import type { IncomingMessage } from "node:http";
import { HttpError, protocolError } from "../hrana/errors.ts";

/** Reads a UTF-8 body; throws HttpError 413 beyond `maxBytes`, without reading the rest. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > maxBytes) {
    reject(bodyTooLarge(maxBytes));
    return promise;
  }
  const chunks: Buffer[] = [];
  let length = 0;
  request.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > maxBytes) {
      request.removeAllListeners("data");
      reject(bodyTooLarge(maxBytes));
      return;
    }
    chunks.push(chunk);
  });
  request.on("end", () => {
    const [only] = chunks;
    resolve((chunks.length === 1 && only ? only : Buffer.concat(chunks, length)).toString("utf8"));
  });
  const rejectCut = (): void => reject(protocolError("The body was cut off"));
  // The connection broke: nobody is there to read an answer.
  request.on("error", rejectCut);
  request.on("close", () => {
    if (!request.complete) rejectCut();
  });
  return promise;
}

function bodyTooLarge(maxBytes: number): HttpError {
  const message = `The body is larger than ${maxBytes} bytes`;
  return new HttpError(413, { json: { message, code: "PAYLOAD_TOO_LARGE" } });
}
