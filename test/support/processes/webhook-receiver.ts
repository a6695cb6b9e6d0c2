import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Reaction, Received } from "../mailbox.ts";

interface Mailbox {
  readonly received: Received[];
  /** Reactions to the next requests. When none are left, `fallback` applies. */
  reactions: Reaction[];
  /** When there are no reactions left. */
  fallback: Reaction;
}

export interface Receiver {
  readonly url: string;
  mailbox(name: string): Mailbox;
  close(): Promise<void>;
}

/**
 * An HTTP server that receives webhooks into mailboxes: POST /box/{name}. GET /box/{name} reads the messages, PUT sets
 * `{reactions, fallback}`. Tests inside workerd have no other access to it.
 */
export async function startReceiver(port = 0): Promise<Receiver> {
  const mailboxes = new Map<string, Mailbox>();
  const mailbox = (name: string): Mailbox => {
    const known = mailboxes.get(name) ?? { received: [], reactions: [], fallback: {} };
    mailboxes.set(name, known);
    return known;
  };
  const server = createServer(async (request, response) => {
    const body = await readAll(request).catch(() => undefined);
    if (body === undefined) return;
    const box = mailbox(request.url ?? "");
    if (request.method === "GET") return answer(response, { body: JSON.stringify(box.received) });
    if (request.method === "PUT") {
      Object.assign(box, JSON.parse(body));
      return answer(response, {});
    }
    box.received.push({ headers: request.headers as Record<string, string>, body });
    answer(response, box.reactions.shift() ?? box.fallback);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/box`,
    mailbox: (name) => mailbox(`/box/${name}`),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(response: ServerResponse, { status = 200, body = "", headers = {}, hangs }: Reaction): void {
  if (!hangs) response.writeHead(status, headers).end(body);
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
