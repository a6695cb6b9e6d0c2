import { beforeAll, describe, expect, it } from "vitest";
import { expectStatus } from "../support/api.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

/* Every column type through the whole Worker: body → SQLite → record, list, filter, and inside an expansion. */

const columns = [
  { name: "varchar", type: "VARCHAR" },
  { name: "text", type: "TEXT" },
  { name: "integer", type: "INTEGER" },
  { name: "bigint", type: "BIGINT" },
  { name: "decimal", type: "DECIMAL", precision: 15, scale: 4 },
  { name: "double", type: "DOUBLE" },
  { name: "boolean", type: "BOOLEAN" },
  { name: "date", type: "DATE" },
  { name: "time", type: "TIME" },
  { name: "datetime", type: "DATETIME" },
  { name: "uuid", type: "UUID" },
  { name: "enumeration", type: "ENUM", values: ["a,b", 'c"d', "é"] },
  { name: "json", type: "JSON" },
];

const samples: Readonly<Record<string, readonly unknown[]>> = {
  varchar: [
    "",
    " ",
    "é\u0301 🦄 \u202e",
    "'; DROP TABLE x;--",
    "\u2028\u0001\t\n",
    "%_",
    "null",
    'a,"b"',
    "ﷺ".repeat(255),
  ],
  text: ["x".repeat(100_000), "\\u0000", "</script>"],
  integer: [0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  bigint: ["0", "9223372036854775807", "-9223372036854775808", "9007199254740993"],
  decimal: [0, 0.1, -0.0001, 99999999999.9999, -99999999999.9999, 1.005],
  double: [0, 0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -123456789.12345679, 1e21, 2 ** 53],
  boolean: [true, false],
  date: ["0000-01-01", "9999-12-31", "2024-02-29"],
  time: ["00:00:00", "23:59:59.999", "13:05:00"],
  datetime: ["0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "2026-02-28T13:05:00.001Z"],
  uuid: ["018f4b2e-0000-7000-8000-00000000abcd"],
  enumeration: ["a,b", 'c"d', "é"],
  json: [
    0,
    false,
    "",
    [],
    {},
    { a: [1, 2.5, "\u0000", null, { "": 9007199254740991 }] },
    "text",
    { b: 1, a: 2 },
  ],
};

let w: TestWorkspace;
beforeAll(async () => {
  const reference = { entity: "Everything", relationship: "everything", inverse: "holders" };
  w = await makeWorkspace(
    { name: "Everything", columns },
    { name: "Holder", columns: [{ name: "everythingId", references: reference }] },
  );
});

describe.each(Object.entries(samples))("%s", (field, values) => {
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
