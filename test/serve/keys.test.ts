import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApiClient } from "../../tools/seed/api-client.ts";
import { ADMIN_TOKEN } from "../support/processes/counter-workspace.ts";
import {
  makeServedWorkspace,
  type Served,
  type ServedWorkspace,
  serveWorker,
} from "../support/processes/served-workspace.ts";

/* Features that depend on the runtime: the client's address, rates, and what a real browser lets a page read. */

const CHROMIUM = "/usr/bin/chromium";

let served: Served;
let w: ServedWorkspace;
beforeAll(async () => {
  served = await serveWorker();
  w = await makeServedWorkspace(served.baseUrl, {
    name: "Note",
    columns: [{ name: "text", type: "VARCHAR", nullable: false }],
  });
});
afterAll(() => served.stop());

const admin = () => createApiClient(served.baseUrl, ADMIN_TOKEN);

describe("npm run serve", () => {
  it("uses the address of the connection, whatever headers say", async () => {
    const narrow = async (allowedIps: string[]) => {
      const body = { name: "narrow", permission: "READ_WRITE", allowedIps };
      return (await admin().require("POST", `${w.adminPath}/api-keys`, body)) as { key: string };
    };
    const statusOf = async ({ key }: { key: string }) => {
      const headers = { Authorization: `Bearer ${key}`, "CF-Connecting-IP": "203.0.113.9" };
      return (await fetch(`${served.baseUrl}${w.path}/Note`, { headers })).status;
    };
    expect(await statusOf(await narrow(["127.0.0.0/8"]))).toBe(200);
    expect(await statusOf(await narrow(["203.0.113.9"]))).toBe(403);
  });

  it("takes the client's address from the proxies' header, ignoring what the client sent", async () => {
    const behind = await serveWorker({
      CLIENT_ADDRESS_HEADER: "X-Forwarded-For",
      TRUSTED_PROXIES: "10.0.0.0/8",
    });
    try {
      const v = await makeServedWorkspace(behind.baseUrl, { name: "Note", columns: [] });
      const client = createApiClient(behind.baseUrl, ADMIN_TOKEN);
      const body = { name: "narrow", permission: "READ_ONLY", allowedIps: ["203.0.113.9"] };
      const { key } = (await client.require("POST", `${v.adminPath}/api-keys`, body)) as { key: string };
      const statusFrom = async (address: string) => {
        const headers = { Authorization: `Bearer ${key}`, "X-Forwarded-For": address };
        return (await fetch(`${behind.baseUrl}${v.path}/Note`, { headers })).status;
      };
      expect(await statusFrom("203.0.113.9, 10.0.0.1")).toBe(200);
      expect(await statusFrom("127.0.0.1")).toBe(403);
      expect(await statusFrom("203.0.113.9, 198.51.100.7, 10.0.0.1")).toBe(403);
    } finally {
      await behind.stop();
    }
  });

  it("treats a missing body as an empty object where all of it is optional", async () => {
    const v = await makeServedWorkspace(served.baseUrl, { name: "Note", columns: [] });
    const [{ id }] = (await admin().require("GET", `${v.adminPath}/api-keys`)) as [{ id: string }];
    const rotated = await admin().require("POST", `${v.adminPath}/api-keys/${id}/rotate`);
    expect(rotated).toMatchObject({ key: expect.stringMatching(/^sk_live_/) });
  });

  it("limits the rate of a key as the platform does", async () => {
    const v = await makeServedWorkspace(served.baseUrl, { name: "Note", columns: [] });
    await admin().require("PATCH", v.adminPath, { rateLimit: 60 });
    const headers = { Authorization: `Bearer ${v.key}` };
    const statuses: number[] = [];
    for (let i = 0; i < 63; i++)
      statuses.push((await fetch(`${served.baseUrl}${v.path}/Note`, { headers })).status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(59);
    expect(statuses.at(-1)).toBe(429);
  });
});

describe.runIf(existsSync(CHROMIUM))("a page of another origin, in Chromium", () => {
  let page: Server;
  let origin: string;
  beforeAll(async () => {
    page = createServer((_, response) => {
      response.setHeader("Content-Type", "text/html");
      response.end("<!doctype html><title>Another origin</title>");
    });
    await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => page.close(resolve)));

  it("reads responses, headers and errors, and writes with a preflight; an unlisted origin reads nothing", async () => {
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    });
    try {
      const tab = await browser.newPage();
      await tab.goto(origin);
      const url = `${served.baseUrl}${w.path}/Note`;
      const talk = () =>
        tab.evaluate(
          async ({ url, key }) => {
            const send = async (path: string, init: RequestInit) => {
              try {
                const response = await fetch(url + path, init);
                const { headers, status } = response;
                return {
                  status,
                  body: await response.json(),
                  tag: headers.get("ETag"),
                  id: headers.get("X-Request-Id"),
                };
              } catch (error) {
                return { status: 0, body: String(error), tag: null, id: null };
              }
            };
            const Authorization = `Bearer ${key}`;
            const headers = {
              Authorization,
              "Content-Type": "application/json",
              "Idempotency-Key": crypto.randomUUID(),
            };
            return [
              await send("", { method: "POST", headers, body: JSON.stringify({ text: "from a page" }) }),
              await send("", { headers: { Authorization: "Bearer wrong" } }),
              await send("?sort=nothing", { headers: { Authorization } }),
            ];
          },
          { url, key: w.key },
        );
      const [created, unauthorized, bad] = await talk();
      expect(created).toMatchObject({
        status: 201,
        body: { data: { text: "from a page" } },
        tag: expect.stringMatching(/^"1/),
      });
      expect(unauthorized).toMatchObject({ status: 401, body: { error: { message: "Invalid API key" } } });
      expect(bad).toMatchObject({ status: 400, id: expect.any(String) });
      await admin().require("PATCH", w.adminPath, { corsAllowedOrigins: ["https://app.example.com"] });
      for (const { status, body } of await talk())
        expect([status, body]).toEqual([0, expect.stringContaining("Failed to fetch")]);
      await admin().require("PATCH", w.adminPath, { corsAllowedOrigins: [origin] });
      expect((await talk())[0]).toMatchObject({ status: 201 });
    } finally {
      await browser.close();
    }
  });
});
