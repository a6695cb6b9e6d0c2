import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openWebhookNetwork } from "../webhook-network.ts";

/* Names are resolved by a resolver of this test, so that a public name can lead anywhere. */
const addressesOf = new Map<string, readonly { address: string; family: number }[]>();
const lookUps: string[] = [];
vi.mock("node:dns", () => ({
  lookup(hostname: string, _: object, callback: (error: Error | null, addresses: unknown) => void) {
    lookUps.push(hostname);
    const addresses = addressesOf.get(hostname);
    callback(addresses ? null : new Error(`getaddrinfo ENOTFOUND ${hostname}`), addresses ?? []);
  },
}));

let server: Server;
let port = 0;
const received: IncomingMessage[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    received.push(request);
    request.resume();
    response.writeHead(request.url === "/redirect" ? 302 : 200, {
      location: `http://127.0.0.1:${port}/inside`,
    });
    response.end("answer");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const post = (url: string, allowsPrivate: boolean) =>
  openWebhookNetwork(allowsPrivate).fetch(url, { method: "POST", body: "x", headers: { "x-own": "1" } });

const name = (host: string, ...addresses: readonly string[]) => {
  addressesOf.set(
    host,
    addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
  );
  return `http://${host}:${port}/hook`;
};

describe("the network of webhooks", () => {
  it.each([
    ["loopback", ["127.0.0.1"]],
    ["a private network", ["10.1.2.3"]],
    ["the metadata service of a cloud", ["169.254.169.254"]],
    ["IPv6 loopback", ["::1"]],
    ["IPv4 inside IPv6", ["::ffff:127.0.0.1"]],
    ["a unique local address", ["fd00::1"]],
    ["a translated private address", ["64:ff9b::a00:1"]],
    ["several addresses, none of them public", ["192.168.0.1", "fe80::1"]],
  ])("refuses a public name that resolves to %s", async (_, addresses) => {
    const before = received.length;
    await expect(post(name("rebound.example.com", ...addresses), false)).rejects.toThrow(
      "rebound.example.com resolves to a private, local or reserved address",
    );
    expect(received.length).toBe(before);
  });

  it.each(["127.0.0.1", "[::1]", "[::ffff:7f00:1]", "2130706433", "0x7f.1"])(
    "refuses the address %s, for which nothing is looked up",
    async (host) => {
      await expect(post(`http://${host}:${port}/`, false)).rejects.toThrow("private, local or reserved");
    },
  );

  it("looks a name up once, so that the address that is judged is the one that is connected to", async () => {
    lookUps.length = 0;
    await expect(post(name("once.example.com", "10.0.0.1"), false)).rejects.toThrow("once.example.com");
    expect(lookUps).toEqual(["once.example.com"]);
  });

  it("sends method, headers and body, and returns status, headers and body, where private addresses are allowed", async () => {
    const answer = await post(`http://127.0.0.1:${port}/hook`, true);
    expect([answer.status, await answer.text()]).toEqual([200, "answer"]);
    expect(answer.headers.get("location")).toBe(`http://127.0.0.1:${port}/inside`);
    expect(received.at(-1)).toMatchObject({ method: "POST", headers: { "x-own": "1" } });
  });

  it("follows no redirect", async () => {
    const before = received.length;
    const answer = await post(`http://127.0.0.1:${port}/redirect`, true);
    await answer.body?.cancel();
    expect([answer.status, received.length - before]).toEqual([302, 1]);
  });

  it.each(["099", "101", "199", "600", "999"])(
    "fails a response with status %s, and nothing else",
    async (status) => {
      const odd = createTcpServer((socket) => {
        socket
          .on("error", () => undefined)
          .end(`HTTP/1.1 ${status} Odd\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n`);
      });
      await new Promise<void>((resolve) => odd.listen(0, "127.0.0.1", resolve));
      const { port: oddPort } = odd.address() as AddressInfo;
      await expect(post(`http://127.0.0.1:${oddPort}/`, true)).rejects.toThrow();
      odd.close();
    },
  );

  it("tells that a name does not resolve", async () => {
    await expect(post("http://absent.example.com/", false)).rejects.toThrow("ENOTFOUND absent.example.com");
  });
});
