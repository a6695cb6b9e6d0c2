import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/** Together more than two results of the database may hold, so that a page is left when the buffers of sockets hold one. */
const RECORDS = 260;
const TEXT = "x".repeat(90_000);
const PER_REQUEST = 10;

let w: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace({ name: "Page", columns: [{ name: "text", type: "TEXT" }] });
  const body = Array.from({ length: PER_REQUEST }, () => ({ text: TEXT }));
  for (let count = 0; count < RECORDS; count += PER_REQUEST)
    expectStatus(await w.api("POST", "/Page/bulk", { body }), 200);
});

const open = (query: string) =>
  exports.default.fetch(`https://edge.test${w.apiPath}/Page/export?${query}`, {
    headers: { Authorization: `Bearer ${w.key}` },
  });

describe("an export of records that do not fit into one database response", () => {
  it("reads fewer of them at once", async () => {
    const lines = (await (await open("format=ndjson")).text()).trimEnd().split("\n");
    const ids = lines.map((line) => JSON.parse(line)).map(({ id, text }) => (text === TEXT ? id : undefined));
    expect(ids).toEqual(Array.from({ length: RECORDS }, (_, i) => i + 1));
  });

  it("breaks off when the schema changes, because its header would no longer fit", async () => {
    const reader = (await open("format=csv")).body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toMatch(/^id,text\r\n1,x/);
    expectStatus(
      await w.admin("POST", "/entities/Page/columns", { body: { name: "note", type: "TEXT" } }),
      201,
    );
    const readOn = async () => {
      while (!(await reader?.read())?.done);
    };
    await expect(readOn()).rejects.toThrow();
  });
});
