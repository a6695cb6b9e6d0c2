import { beforeAll, describe, expect, it } from "vitest";
import { expectStatus } from "../support/api.ts";
import { naughtyTexts as texts } from "../support/naughty-texts.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/* Texts that have caused trouble elsewhere, through every way in and out. */

const note = { name: "Note", columns: [{ name: "text", type: "TEXT" }] };
const line = {
  name: "Line",
  columns: [{ name: "noteId", references: { entity: "Note", relationship: "note", inverse: "lines" } }],
};

let w: TestWorkspace;
beforeAll(async () => {
  w = await makeWorkspace(note, line);
});

describe("naughty strings", () => {
  it("are a long list", () => expect(texts.length).toBeGreaterThan(400));

  it("come back identical through create, read, list, filters and expansion", async () => {
    for (const text of texts) {
      const created = expectStatus(await w.api("POST", "/Note", { body: { text } }), 201).body.data;
      expect(created.text).toBe(text);
      const { id } = created;
      expect((await w.api("GET", `/Note/${id}`)).body.data).toEqual({ id, text });
      const query = `filter[text]=${encodeURIComponent(text)}&filter[id]=${id}`;
      expect((await w.api("GET", `/Note?${query}`)).body.data).toEqual([{ id, text }]);
      const tree = encodeURIComponent(JSON.stringify({ text: { in: [text] }, id }));
      expect((await w.api("GET", `/Note?filter=${tree}`)).body.data).toEqual([{ id, text }]);
    }
  });

  it("come back identical through bulk, update, expansion and export", async () => {
    const seen: string[] = [];
    for (let start = 0; start < texts.length; start += 100) {
      const body = texts.slice(start, start + 100).map((text) => ({ text }));
      const headers = { Prefer: "return=representation" };
      const { data } = expectStatus(await w.api("POST", "/Note/bulk", { body, headers }), 200).body;
      expect(data.map(({ text }: { text: string }) => text)).toEqual(body.map(({ text }) => text));
      const lines = data.map(({ id }: { id: number }) => ({ noteId: id }));
      const answer = expectStatus(await w.api("POST", "/Line/bulk", { body: lines, headers }), 200);
      const ids = answer.body.data.map(({ id }: { id: number }) => id).join(",");
      const listed = await w.api("GET", `/Line?filter[id.in]=${ids}&expand=note&size=100`);
      for (const { note: expanded } of listed.body.data) seen.push(expanded.text);
    }
    expect(seen).toEqual(texts);
    const exported = await w.api("GET", "/Note/export?format=ndjson&fields=text");
    const rows = exported.text
      .trimEnd()
      .split("\n")
      .map((row) => JSON.parse(row).text);
    expect(rows.slice(-texts.length)).toEqual(texts);
  });
});
