import { beforeAll, describe, expect, it } from "vitest";
import { expectStatus } from "../support/api.ts";
import { typeColumns, typeSamples } from "../support/type-samples.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/* Every column type through the whole Worker: body → SQLite → record, list, filter and expansion. */

let w: TestWorkspace;
beforeAll(async () => {
  const reference = { entity: "Everything", relationship: "everything", inverse: "holders" };
  w = await makeWorkspace(
    { name: "Everything", columns: typeColumns },
    { name: "Holder", columns: [{ name: "everythingId", references: reference }] },
  );
});

describe.each(Object.entries(typeSamples))("%s", (field, values) => {
  it("comes back identical from every place", async () => {
    for (const value of values) {
      const created = expectStatus(await w.api("POST", "/Everything", { body: { [field]: value } }), 201).body
        .data;
      expect(created[field]).toEqual(value);
      const read = await w.api("GET", `/Everything/${created.id}`);
      expect(read.body.data).toEqual(created);
      const holder = expectStatus(await w.api("POST", "/Holder", { body: { everythingId: created.id } }), 201)
        .body.data;
      const expanded = await w.api("GET", `/Holder/${holder.id}?expand=everything.holders.everything`);
      expect(expanded.body.data.everything[field]).toEqual(value);
      expect(expanded.body.data.everything.holders[0].everything[field]).toEqual(value);
      if (field === "json" || field === "text") continue;
      const query = `filter[${field}]=${encodeURIComponent(String(value))}&filter[id]=${created.id}&fields=${field}`;
      const listed = expectStatus(await w.api("GET", `/Everything?${query}`), 200);
      expect(listed.body.data).toEqual([{ [field]: value }]);
      const tree = encodeURIComponent(JSON.stringify({ [field]: { eq: value }, id: created.id }));
      expect((await w.api("GET", `/Everything?filter=${tree}`)).body.data).toHaveLength(1);
    }
  });
});
