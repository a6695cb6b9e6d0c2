import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { parseAccept } from "hono/utils/accept";

const gzipped = promisify(gzip);
const LEAST_BYTES = 1024;
const LEVEL = 4;
const COMPRESSIBLE = /^(?:text\/|application\/(?:json|xml|.*\+json))/;
/** Exports, whose length nobody knows. */
const STREAMED = /^(?:text\/csv|application\/x-ndjson)/;

/** Whether an `Accept-Encoding` names gzip without refusing it by `q=0` (RFC 9110, section 12.5.3). */
export const acceptsGzip = (header = ""): boolean =>
  parseAccept(header).some(({ type, q }) => type.toLowerCase() === "gzip" && q > 0);

/** The same response, compressed when that pays. Its tag stays: it names the version of a record, not these bytes. */
export async function compressFor(request: Request, response: Response): Promise<Response> {
  const type = response.headers.get("Content-Type") ?? "";
  const isText = COMPRESSIBLE.test(type) || STREAMED.test(type);
  if (!isText || response.headers.has("Content-Encoding")) return response;
  const headers = new Headers(response.headers);
  headers.append("Vary", "Accept-Encoding");
  const { status, body } = response;
  if (request.method === "HEAD" || !body) return new Response(null, { status, headers });
  if (STREAMED.test(type)) {
    headers.set("Content-Encoding", "gzip");
    return new Response(body.pipeThrough(new CompressionStream("gzip")), { status, headers });
  }
  const whole = new Uint8Array(await response.arrayBuffer());
  if (whole.length < LEAST_BYTES) return new Response(whole, { status, headers });
  headers.set("Content-Encoding", "gzip");
  return new Response(new Uint8Array(await gzipped(whole, { level: LEVEL })), { status, headers });
}
