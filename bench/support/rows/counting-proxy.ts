import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface RowCount {
  readonly read: number;
  readonly written: number;
}

export interface CountingProxy {
  readonly url: string;
  /** Rows of all requests with this `X-Request-Id` so far. */
  rowsOf(requestId: string): RowCount;
  /** Rows of all requests so far. */
  total(): RowCount;
  close(): void;
}

/** A proxy in front of a libSQL server that adds up the rows in its responses. */
export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const NONE: RowCount = { read: 0, written: 0 };
  const counts = new Map<string, RowCount>();
  let total = NONE;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { host: _, connection: __, ...headers } = request.headers;
    const answer = await fetch(target + request.url, {
      method: request.method ?? "GET",
      headers: headers as Record<string, string>,
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    });
    const text = await answer.text();
    const rows = rowsIn(text);
    const id = String(headers["x-request-id"]);
    counts.set(id, add(counts.get(id) ?? NONE, rows));
    total = add(total, rows);
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "text/plain" });
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rowsOf: (id) => counts.get(id) ?? NONE,
    total: () => total,
    close: () => server.close(),
  };
}

const add = (a: RowCount, b: RowCount): RowCount => ({
  read: a.read + b.read,
  written: a.written + b.written,
});

function rowsIn(text: string): RowCount {
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`"${name}":(\\d+)`, "g"))].reduce((n, [, count]) => n + Number(count), 0);
  return { read: sum("rows_read"), written: sum("rows_written") };
}
