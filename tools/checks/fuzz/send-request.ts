import { Agent, request } from "node:http";
import { gunzipSync } from "node:zlib";
import type { FuzzRequest } from "./generate-request.ts";

export interface FuzzAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const TIMEOUT_MS = 30_000;
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** The error if the server closes a kept connection just as it is used again. */
const CLOSED_MEANWHILE = new Set(["EPIPE", "ECONNRESET"]);

/** Sends exactly this request, without fetch's corrections. Rejects if there is no response. */
export function sendRequest(baseUrl: string, asked: FuzzRequest): Promise<FuzzAnswer> {
  const { method, path, headers, body } = asked;
  const { hostname, port } = new URL(baseUrl);
  const length = body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const options = {
      agent,
      hostname,
      port,
      method,
      path,
      headers: { ...headers, ...length },
      timeout: TIMEOUT_MS,
    };
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const pairs = Object.entries(response.headersDistinct);
        const flat = pairs.flatMap(([name, values = []]) =>
          values.map((value): [string, string] => [name, value]),
        );
        const raw = Buffer.concat(chunks);
        const isCompressed = response.headers["content-encoding"] === "gzip" && raw.length > 0;
        const text = (isCompressed ? gunzipSync(raw) : raw).toString();
        resolve({ status: response.statusCode ?? 0, headers: new Headers(flat), text });
      });
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    sent.on("error", (error: NodeJS.ErrnoException) => {
      if (sent.reusedSocket && CLOSED_MEANWHILE.has(error.code ?? ""))
        return resolve(sendRequest(baseUrl, asked));
      reject(error);
    });
    sent.end(body);
  });
}
